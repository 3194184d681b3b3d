public import NIOCore

/// SOFTWARE: what the sender says it is (RFC 8489 §14.14).
///
/// LinkUp sends none: it makes answers larger and tells an attacker what to try.
public struct Software: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.software

    /// The text.
    public let text: String

    private static let limit = AttributeTextLimit.characters

    /// Makes the attribute.
    ///
    /// - Parameter text: Name and version; at most 127 characters.
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
