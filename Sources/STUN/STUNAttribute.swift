public import NIOCore

/// An attribute as a value: what a message says under one ``AttributeType``.
///
/// A type refuses, when it is made, what the wire could not carry or the RFC forbids, so that encoding cannot fail.
/// Decoding judges the form only; whether the attribute may stand in a message is for the receiver of the message.
public protocol STUNAttribute: Hashable, Sendable {
    /// The number of the attribute.
    static var type: AttributeType { get }

    /// Takes the attribute from the `value` in a message, without padding.
    ///
    /// - Parameters:
    ///   - value: The bytes of the value.
    ///   - transaction: The message's transaction; the XOR-ed addresses depend on it.
    /// - Throws: ``STUNError/malformedAttribute(_:)``.
    init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError)

    /// Appends the value, without header and padding, to `buffer`.
    ///
    /// - Parameters:
    ///   - buffer: The message under construction.
    ///   - transaction: The message's transaction.
    func encode(into buffer: inout ByteBuffer, in transaction: TransactionID)
}
