/// ALTERNATE-SERVER: where to try instead (RFC 8489 §14.15).
public struct AlternateServer: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.alternateServer

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
