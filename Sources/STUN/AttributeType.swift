/// The number that says what an attribute is (RFC 8489 §14, §18.3).
public struct AttributeType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Makes a type of any number; unknown ones are legal.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Whether a receiver that does not know the type has to refuse the message (RFC 8489 §14).
    public var isComprehensionRequired: Bool {
        rawValue < 0x8000
    }

    /// MAPPED-ADDRESS (RFC 8489 §14.1).
    public static let mappedAddress = AttributeType(rawValue: 0x0001)
    /// CHANGE-REQUEST (RFC 5780 §7.2).
    public static let changeRequest = AttributeType(rawValue: 0x0003)
    /// USERNAME (RFC 8489 §14.3).
    public static let username = AttributeType(rawValue: 0x0006)
    /// MESSAGE-INTEGRITY (RFC 8489 §14.5).
    public static let messageIntegrity = AttributeType(rawValue: 0x0008)
    /// ERROR-CODE (RFC 8489 §14.8).
    public static let errorCode = AttributeType(rawValue: 0x0009)
    /// UNKNOWN-ATTRIBUTES (RFC 8489 §14.13).
    public static let unknownAttributes = AttributeType(rawValue: 0x000A)
    /// REALM (RFC 8489 §14.9).
    public static let realm = AttributeType(rawValue: 0x0014)
    /// NONCE (RFC 8489 §14.10).
    public static let nonce = AttributeType(rawValue: 0x0015)
    /// MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6).
    public static let messageIntegritySHA256 = AttributeType(rawValue: 0x001C)
    /// PASSWORD-ALGORITHM (RFC 8489 §14.12).
    public static let passwordAlgorithm = AttributeType(rawValue: 0x001D)
    /// USERHASH (RFC 8489 §14.4).
    public static let userhash = AttributeType(rawValue: 0x001E)
    /// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
    public static let xorMappedAddress = AttributeType(rawValue: 0x0020)
    /// PASSWORD-ALGORITHMS (RFC 8489 §14.11).
    public static let passwordAlgorithms = AttributeType(rawValue: 0x8002)
    /// ALTERNATE-DOMAIN (RFC 8489 §14.16).
    public static let alternateDomain = AttributeType(rawValue: 0x8003)
    /// SOFTWARE (RFC 8489 §14.14).
    public static let software = AttributeType(rawValue: 0x8022)
    /// ALTERNATE-SERVER (RFC 8489 §14.15).
    public static let alternateServer = AttributeType(rawValue: 0x8023)
    /// FINGERPRINT (RFC 8489 §14.7).
    public static let fingerprint = AttributeType(rawValue: 0x8028)
    /// RESPONSE-ORIGIN (RFC 5780 §7.3).
    public static let responseOrigin = AttributeType(rawValue: 0x802B)
    /// OTHER-ADDRESS (RFC 5780 §7.4).
    public static let otherAddress = AttributeType(rawValue: 0x802C)
}
