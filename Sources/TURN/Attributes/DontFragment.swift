public import NIOCore
public import STUN

/// DONT-FRAGMENT: what goes to the peer is to have the DF bit set (RFC 8656 §18.9).
public struct DontFragment: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.dontFragment

    /// Makes the attribute, which has no value.
    public init() {}

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.isEmpty else { throw .malformedAttribute(Self.type) }
    }

    /// Writes nothing.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {}
}
