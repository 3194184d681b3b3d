public import NIOCore

/// XOR-MAPPED-ADDRESS: the address that the server sees (RFC 8489 §14.2).
///
/// Hidden by XOR, because some address translators rewrite their own address wherever they find it in a payload.
public struct XORMappedAddress: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.xorMappedAddress

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        address = AddressValue.xor(try AddressValue.decode(value, of: Self.type), in: transaction)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        AddressValue.encode(AddressValue.xor(address, in: transaction), into: &buffer)
    }
}
