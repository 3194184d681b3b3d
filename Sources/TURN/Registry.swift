public import STUN

extension Method {
    /// Asks for a relayed address (RFC 8656 §7).
    public static let allocate = Method(registered: 0x003)
    /// Keeps an allocation, or gives it up (RFC 8656 §8).
    public static let refresh = Method(registered: 0x004)
    /// Sends to a peer (RFC 8656 §11); an indication.
    public static let send = Method(registered: 0x006)
    /// Brings what a peer sent (RFC 8656 §11); an indication.
    public static let data = Method(registered: 0x007)
    /// Lets peers of an address in (RFC 8656 §10).
    public static let createPermission = Method(registered: 0x008)
    /// Gives a peer a number (RFC 8656 §12).
    public static let channelBind = Method(registered: 0x009)
    /// Opens a TCP connection to a peer (RFC 6062 §4.3).
    public static let connect = Method(registered: 0x00A)
    /// Makes a connection of the client's carry that of a peer (RFC 6062 §4.4).
    public static let connectionBind = Method(registered: 0x00B)
    /// Tells that a peer has connected (RFC 6062 §4.4); an indication.
    public static let connectionAttempt = Method(registered: 0x00C)
}

extension AttributeType {
    /// CHANNEL-NUMBER (RFC 8656 §18.1).
    public static let channelNumber = AttributeType(rawValue: 0x000C)
    /// LIFETIME (RFC 8656 §18.2).
    public static let lifetime = AttributeType(rawValue: 0x000D)
    /// XOR-PEER-ADDRESS (RFC 8656 §18.3).
    public static let xorPeerAddress = AttributeType(rawValue: 0x0012)
    /// DATA (RFC 8656 §18.4); read where it stands, so no value stands for it.
    public static let data = AttributeType(rawValue: 0x0013)
    /// XOR-RELAYED-ADDRESS (RFC 8656 §18.5).
    public static let xorRelayedAddress = AttributeType(rawValue: 0x0016)
    /// REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.6).
    public static let requestedAddressFamily = AttributeType(rawValue: 0x0017)
    /// EVEN-PORT (RFC 8656 §18.7).
    public static let evenPort = AttributeType(rawValue: 0x0018)
    /// REQUESTED-TRANSPORT (RFC 8656 §18.8).
    public static let requestedTransport = AttributeType(rawValue: 0x0019)
    /// DONT-FRAGMENT (RFC 8656 §18.9).
    public static let dontFragment = AttributeType(rawValue: 0x001A)
    /// RESERVATION-TOKEN (RFC 8656 §18.10).
    public static let reservationToken = AttributeType(rawValue: 0x0022)
    /// CONNECTION-ID (RFC 6062 §6.2.1).
    public static let connectionID = AttributeType(rawValue: 0x002A)
    /// ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11).
    public static let additionalAddressFamily = AttributeType(rawValue: 0x8000)
    /// ADDITIONAL-ADDRESS-FAMILY under the number that drafts gave it and coturn's clients up to 4.6 use.
    static let draftAdditionalAddressFamily = AttributeType(rawValue: 0x8032)
    /// ADDRESS-ERROR-CODE (RFC 8656 §18.12).
    public static let addressErrorCode = AttributeType(rawValue: 0x8001)
    /// ICMP (RFC 8656 §18.13).
    public static let icmp = AttributeType(rawValue: 0x8004)
    /// MOBILITY-TICKET (RFC 8016 §3.1).
    public static let mobilityTicket = AttributeType(rawValue: 0x8030)
}

extension ErrorCode {
    /// 403 Forbidden: the policy denies the peer, or the request.
    public static let forbidden = ErrorCode(registered: 403)
    /// 405 Mobility Forbidden: the server does not move this allocation (RFC 8016 §3.2.1).
    public static let mobilityForbidden = ErrorCode(registered: 405)
    /// 437 Allocation Mismatch: there is an allocation where there must be none, or none where there must be one.
    public static let allocationMismatch = ErrorCode(registered: 437)
    /// 440 Address Family not Supported.
    public static let addressFamilyNotSupported = ErrorCode(registered: 440)
    /// 441 Wrong Credentials: the allocation belongs to somebody else.
    public static let wrongCredentials = ErrorCode(registered: 441)
    /// 442 Unsupported Transport Protocol.
    public static let unsupportedTransportProtocol = ErrorCode(registered: 442)
    /// 443 Peer Address Family Mismatch: the allocation has no address of the peer's family.
    public static let peerAddressFamilyMismatch = ErrorCode(registered: 443)
    /// 446 Connection Already Exists (RFC 6062 §6.3).
    public static let connectionAlreadyExists = ErrorCode(registered: 446)
    /// 447 Connection Timeout or Failure (RFC 6062 §6.3).
    public static let connectionTimeoutOrFailure = ErrorCode(registered: 447)
    /// 486 Allocation Quota Reached.
    public static let allocationQuotaReached = ErrorCode(registered: 486)
    /// 508 Insufficient Capacity.
    public static let insufficientCapacity = ErrorCode(registered: 508)
}
