/// XOR-MAPPED-ADDRESS: the address that the server sees (RFC 8489 §14.2).
///
/// Hidden by XOR, because some address translators rewrite their own address wherever they find it in a payload.
public struct XORMappedAddress: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.xorMappedAddress
    /// Hidden from translators on the way.
    public static let isXORed = true

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
