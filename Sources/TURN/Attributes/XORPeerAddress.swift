public import NIOCore
public import STUN

/// XOR-PEER-ADDRESS: the peer, as the server sees it (RFC 8656 §18.3).
public struct XORPeerAddress: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.xorPeerAddress

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
