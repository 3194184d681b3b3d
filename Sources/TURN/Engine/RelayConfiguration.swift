public import STUN

/// What a relay grants, and to whom; the same for all engines of a server.
public struct RelayConfiguration: Sendable {
    /// An address that relayed transport addresses have.
    public struct RelayAddress: Hashable, Sendable {
        /// What clients and peers see.
        public var advertised: IPAddress
        /// What sockets are bound to: differs from the advertised one behind a NAT that maps one to one.
        public var local: IPAddress

        /// Makes an address.
        /// - Parameters:
        ///   - advertised: What clients and peers see.
        ///   - local: What sockets are bound to; the same unless given.
        public init(_ advertised: IPAddress, local: IPAddress? = nil) {
            self.advertised = advertised
            self.local = local ?? advertised
        }
    }

    /// The addresses of relays, in order of preference.
    ///
    /// Of the addresses of a family the one that the client's messages came to is taken if it is among them, otherwise
    /// the first.
    public var relayAddresses: [RelayAddress] = []
    /// The ports of relays.
    ///
    /// Default 49152 to 65535 (RFC 8656 §7.2), the range for what is not registered.
    public var relayPorts: ClosedRange<UInt16> = 49152...65535
    /// Which peers may be reached.
    public var policy = PeerPolicy()
    /// Who may have an allocation; without, Binding requests are answered and all else is dropped.
    public var authenticator: Authenticator?
    /// How many allocations there are, across all engines.
    public var quotas = AllocationQuotas()

    /// Whether TCP relays are given out (RFC 6062).
    ///
    /// Default `false`: no browser asks for one, and what is reached through it takes the server for the client, ports
    /// like that of mail included. If `true`, only to clients that come over TCP or TLS.
    public var allowsTCPRelays = false
    /// Whether allocations may move to another address of the client (RFC 8016).
    ///
    /// Default `false`: who has seen a ticket
    /// and knows the password could take the allocation over, and no browser asks for one.
    public var allowsMobility = false
    /// Whether a peer needs a permission although a channel is bound to it.
    ///
    /// Default `false`, which departs from RFC 8656 §11.3 in one point: a live channel lets its exact peer in, also when
    /// the permission that came with it has ended. Channels last 600 s and permissions 300 s, so that clients which
    /// refresh channels alone (aioice does every 500 s) would hear nothing for minutes.
    public var requiresPermissionForChannels = false
    /// The numbers that channels may have.
    ///
    /// Default ``ChannelNumber/formerRange``. RFC 8656 has made the range smaller, so that other protocols can share the
    /// socket (RFC 7983); nothing shares it here, and clients of RFC 5766 are still about.
    public var channelNumbers = ChannelNumber.formerRange
    /// Where clients of its family are sent in place of an allocation, with 300 (RFC 8489 §10).
    ///
    /// Before authentication: a nonce of this server is of no use there, and libwebrtc takes it along.
    public var alternateServer: TransportAddress?
    /// The other addresses of a server that helps to find out about NATs (RFC 5780).
    public var natDiscovery: NATDiscoveryAddresses?

    /// Whether allocations end with the credential that they were made with, as is the default.
    ///
    /// If not, the user of an allocation may go on with it by a credential that has ended, but make no other.
    public var endsWithCredentials = true
    /// The longest lifetime that is granted, in seconds.
    ///
    /// Default 3600, the most that RFC 8656 §7.2 recommends.
    public var maximumLifetime: UInt32 = 3600
    /// The permissions of an allocation.
    ///
    /// Default 256: a conference with that many peers is no mesh any more.
    public var maximumPermissions = 256
    /// The channels of an allocation.
    ///
    /// Default 256, for the same reason.
    public var maximumChannels = 256
    /// The TCP connections with peers of an allocation, pending ones included.
    ///
    /// Default 32.
    public var maximumPeerConnections = 32
    /// How many bytes of payload an allocation may send per second in each direction; 0 for any number, the default.
    public var maximumBytesPerSecond = 0
    /// How many answers without credentials a network (IPv4 /24, IPv6 /56) gets per second; 0 for any number.
    ///
    /// Default 200: enough for an office behind one address that starts a call together, too little to make the server
    /// flood somebody whose address was forged. Twice as many may come at once. Clients on loopback addresses are
    /// exempt: nobody can forge those from outside. So is what comes over TCP and TLS, but for wrong signatures: nobody
    /// sends those again who is not answered.
    public var unauthenticatedRate = 200

    /// Makes a configuration; what is not set has its default.
    public init() {}
}

/// The addresses of a server that tells clients how their NAT behaves (RFC 5780 §6): two hosts with the same two ports.
public struct NATDiscoveryAddresses: Hashable, Sendable {
    /// The two hosts.
    public let hosts: [IPAddress]
    /// The two ports.
    public let ports: [UInt16]

    /// Makes the four addresses.
    public init(hosts: (IPAddress, IPAddress), ports: (UInt16, UInt16)) {
        self.hosts = [hosts.0, hosts.1]
        self.ports = [ports.0, ports.1]
    }

    /// The address that differs from `address` in what `change` asks for; `nil` if `address` is not among the four.
    func address(from address: TransportAddress, changedBy change: ChangeRequest) -> TransportAddress? {
        guard let host = hosts.firstIndex(of: address.ip), let port = ports.firstIndex(of: address.port) else {
            return nil
        }
        return TransportAddress(
            ip: hosts[change.changesAddress ? 1 - host : host],
            port: ports[change.changesPort ? 1 - port : port]
        )
    }
}
