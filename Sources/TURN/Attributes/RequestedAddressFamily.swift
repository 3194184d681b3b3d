public import STUN

/// REQUESTED-ADDRESS-FAMILY: of which family the relayed address is to be (RFC 8656 §18.6).
public struct RequestedAddressFamily: AddressFamilyAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.requestedAddressFamily

    /// The number on the wire; 1 is IPv4, 2 is IPv6.
    public let number: UInt8

    /// Makes the attribute of any number.
    public init(number: UInt8) {
        self.number = number
    }
}
