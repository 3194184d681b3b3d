public import NIOCore

/// REALM: where the credential is valid (RFC 8489 §14.9).
public struct Realm: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.realm

    /// The text.
    public let text: String

    private static let limit = AttributeTextLimit.characters

    /// Makes the attribute.
    ///
    /// - Parameter text: The realm without quotes; at most 127 characters.
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
