public import NIOCore

/// MAPPED-ADDRESS: the address that the server sees, in clear (RFC 8489 §14.1).
///
/// For clients of RFC 3489 only; LinkUp reads it and sends ``XORMappedAddress``.
public struct MappedAddress: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.mappedAddress

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
