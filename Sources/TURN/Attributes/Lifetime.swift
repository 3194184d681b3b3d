public import NIOCore
public import STUN

/// LIFETIME: for how long an allocation stays without being refreshed (RFC 8656 §18.2).
public struct Lifetime: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.lifetime

    /// The time in seconds.
    public let seconds: UInt32

    /// Makes the attribute.
    public init(seconds: UInt32) {
        self.seconds = seconds
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        seconds = value.uint32(at: 0)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(seconds)
    }
}
