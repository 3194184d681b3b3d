/// OTHER-ADDRESS: the address and port that differ from those of the answer (RFC 5780 §7.4).
public struct OtherAddress: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.otherAddress

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
