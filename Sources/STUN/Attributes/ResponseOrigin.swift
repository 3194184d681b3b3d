public import NIOCore

/// RESPONSE-ORIGIN: where an answer was sent from (RFC 5780 §7.3).
public struct ResponseOrigin: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.responseOrigin

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        address = try AddressValue.decode(value, of: Self.type)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        AddressValue.encode(address, into: &buffer)
    }
}
