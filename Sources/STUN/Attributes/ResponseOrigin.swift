/// RESPONSE-ORIGIN: where an answer was sent from (RFC 5780 §7.3).
public struct ResponseOrigin: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.responseOrigin

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
