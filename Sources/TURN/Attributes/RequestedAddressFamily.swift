public import NIOCore
public import STUN

/// REQUESTED-ADDRESS-FAMILY: of which family the relayed address is to be (RFC 8656 §18.6).
public struct RequestedAddressFamily: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.requestedAddressFamily

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
