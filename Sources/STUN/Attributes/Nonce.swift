public import NIOCore

/// NONCE: what the server lets requests carry to prove that they are fresh (RFC 8489 §14.10).
public struct Nonce: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.nonce

    /// The text.
    public let text: String

    private static let limit = AttributeTextLimit.characters

    /// Makes the attribute.
    ///
    /// - Parameter text: The nonce without quotes; at most 127 characters.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` if `text` is longer.
    public init(_ text: String) throws(STUNError) {
        guard Self.limit.admits(text) else { throw .malformedAttribute(Self.type) }
        self.text = text
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        text = try decodeText(value, limit: Self.limit, of: Self.type)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeString(text)
    }
}
