public import NIOCore
public import STUN

/// RESERVATION-TOKEN: stands for a relayed address that the server keeps (RFC 8656 §18.10).
public struct ReservationToken: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.reservationToken

    /// The eight bytes.
    public let token: UInt64

    /// Makes the attribute.
    public init(_ token: UInt64) {
        self.token = token
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 8 else { throw .malformedAttribute(Self.type) }
        token = value.uint64(at: 0)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(token)
    }
}
