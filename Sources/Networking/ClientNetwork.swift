/// What counts as one client where limits on people count by network: an IPv4 address, or the /64 of an IPv6 one.
///
/// A household or a school shares an IPv4 address; a single host has all 2^64 addresses of a /64, which a provider gives
/// to one customer. The IPv4-mapped form counts as the IPv4 address that it is. All clients without an address, those of
/// a local socket, are one network.
public struct ClientNetwork: Hashable, Sendable {
    private let base: IPAddress?

    /// Makes the network of an address.
    public init(_ address: IPAddress?) {
        let address = address?.unmapped
        switch address?.family {
        case .ipv6: base = address?.masked(to: 64)
        case .ipv4, nil: base = address
        }
    }
}
