public import STUN

/// ADDITIONAL-ADDRESS-FAMILY: asks for a second relayed address, of IPv6 (RFC 8656 §18.11).
public struct AdditionalAddressFamily: AddressFamilyAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.additionalAddressFamily

    /// The number on the wire; 1 is IPv4, 2 is IPv6.
    public let number: UInt8

    /// Makes the attribute of any number.
    public init(number: UInt8) {
        self.number = number
    }
}
