public import NIOCore

/// UNKNOWN-ATTRIBUTES: which attributes a 420 is about (RFC 8489 §14.13).
public struct UnknownAttributes: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.unknownAttributes

    /// What was not understood.
    public let types: [AttributeType]

    private static let maximumCount = 32_760

    /// Makes the attribute.
    ///
    /// - Parameter types: At most 32,760, about what one message can hold.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` if there are more.
    public init(_ types: [AttributeType]) throws(STUNError) {
        guard types.count <= Self.maximumCount else { throw .malformedAttribute(Self.type) }
        self.types = types
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count.isMultiple(of: 2) else { throw .malformedAttribute(Self.type) }
        types = stride(from: 0, to: value.count, by: 2).map { AttributeType(rawValue: value.uint16(at: $0)) }
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        for type in types {
            buffer.writeInteger(type.rawValue)
        }
    }
}
