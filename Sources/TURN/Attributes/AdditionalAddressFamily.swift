public import NIOCore
public import STUN

/// ADDITIONAL-ADDRESS-FAMILY: asks for a second relayed address, of IPv6 (RFC 8656 §18.11).
public struct AdditionalAddressFamily: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.additionalAddressFamily

    /// The number on the wire; 1 is IPv4, 2 is IPv6.
    public let number: UInt8

    /// The family, or `nil` if the number stands for none.
    public var family: AddressFamily? { AddressFamily(rawValue: number) }

    /// Makes the attribute.
    public init(_ family: AddressFamily) {
        number = family.rawValue
    }

    /// Takes the attribute from a message; the reserved bytes are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        number = value[0]
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(UInt32(number) << 24)
    }
}
