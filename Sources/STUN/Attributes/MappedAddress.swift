/// MAPPED-ADDRESS: the address that the server sees, in clear (RFC 8489 §14.1).
///
/// For clients of RFC 3489 only; LinkUp reads it and sends ``XORMappedAddress``.
public struct MappedAddress: AddressAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.mappedAddress

    /// The address.
    public let address: TransportAddress

    /// Makes the attribute.
    public init(_ address: TransportAddress) {
        self.address = address
    }
}
