public import STUN

/// XOR-PEER-ADDRESS: the peer, as the server sees it (RFC 8656 §18.3).
public struct XORPeerAddress: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.xorPeerAddress
    /// Hidden from translators on the way.
    public static let isXORed = true

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
