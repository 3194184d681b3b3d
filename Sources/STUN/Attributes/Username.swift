public import NIOCore

/// USERNAME: who sends the request, in clear (RFC 8489 §14.3).
public struct Username: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.username

    /// The text.
    public let text: String

    private static let limit = AttributeTextLimit.bytes(508)

    /// Makes the attribute.
    ///
    /// - Parameter text: The name, prepared with OpaqueString (RFC 8265); at most 508 bytes of UTF-8.
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
