public import STUN

/// XOR-RELAYED-ADDRESS: the address that the server keeps for the client (RFC 8656 §18.5).
public struct XORRelayedAddress: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.xorRelayedAddress
    /// Hidden from translators on the way.
    public static let isXORed = true

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
