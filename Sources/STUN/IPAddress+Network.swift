extension IPAddress {
    /// The network that limits on people count an address under: an IPv4 address itself, the /64 of an IPv6 one.
    ///
    /// A household or a school shares an IPv4 address; a single host has all addresses of a /64. The IPv4-mapped form
    /// counts as the IPv4 address that it is.
    public var clientNetwork: IPAddress {
        let address = unmapped
        switch address.family {
        case .ipv4: return address
        case .ipv6: return IPAddress(ipv6High: address.high, low: 0)
        }
    }
}
