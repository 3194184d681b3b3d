/// An IP address and a port: one end of a UDP flow or a TCP connection.
///
/// A plain value of 20 bytes, so that tables keyed by it need no reference counts. The scope of an IPv6 link-local
/// address is left out: STUN has no place for it.
public struct TransportAddress: Hashable, Sendable {
    /// The host.
    public let ip: IPAddress
    /// The port, in host order.
    public let port: UInt16

    /// Makes the address of `port` on the host `ip`.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Which protocol the host's address belongs to.
    public var family: AddressFamily {
        ip.family
    }

    /// The same end with an IPv4-mapped host as IPv4, as a socket that serves both families reports it.
    public var unmapped: TransportAddress {
        TransportAddress(ip: ip.unmapped, port: port)
    }
}

extension TransportAddress: CustomStringConvertible {
    /// `192.0.2.1:3478` or `[2001:db8::1]:3478`.
    public var description: String {
        switch family {
        case .ipv4: "\(ip):\(port)"
        case .ipv6: "[\(ip)]:\(port)"
        }
    }
}
