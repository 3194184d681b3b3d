public import NIOCore
public import STUN

/// CONNECTION-ID: one TCP connection with a peer (RFC 6062 §6.2.1).
public struct ConnectionID: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.connectionID

    /// The number.
    public let id: UInt32

    /// Makes the attribute.
    public init(_ id: UInt32) {
        self.id = id
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        id = value.uint32(at: 0)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(id)
    }
}
