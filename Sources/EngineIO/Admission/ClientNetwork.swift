/// What counts as one client where limits count by network.
///
/// An address of IPv4, or the 2^64 addresses around one of IPv6, which a provider gives to one customer. All clients
/// without an address, those of a local socket, are one network.
package struct ClientNetwork: Hashable, Sendable {
    private let bits: UInt128

    /// Makes the network of an address.
    package init(_ address: IPAddress?) {
        guard let address else {
            bits = 0
            return
        }
        bits = address.isIPv4 ? address.bits : (address.bits >> 64) << 64
    }

    /// Makes the network of the client that made a handshake; the address is the client's own behind trusted proxies.
    package init(of handshake: HandshakeRequest) {
        self.init(IPAddress(handshake.remoteAddress))
    }
}
