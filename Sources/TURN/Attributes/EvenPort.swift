public import NIOCore
public import STUN

/// EVEN-PORT: asks for an even port, and perhaps to keep the next one (RFC 8656 §18.7).
public struct EvenPort: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.evenPort

    /// Whether the next port is to be kept, for an allocation that brings the RESERVATION-TOKEN.
    public let reservesNext: Bool

    /// Makes the attribute.
    public init(reservesNext: Bool) {
        self.reservesNext = reservesNext
    }

    /// Takes the attribute from a message; the reserved bits are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 1 else { throw .malformedAttribute(Self.type) }
        reservesNext = value[0] & 0x80 != 0
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(UInt8(reservesNext ? 0x80 : 0))
    }
}
