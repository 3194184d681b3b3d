import CLinuxUDP
import STUN

extension TransportAddress {
    /// Takes over an address of the system's; `nil` for none.
    ///
    /// The interface of a link-local address is left out.
    @inline(__always)
    init?(_ address: udp_address) {
        guard let ip = IPAddress(address) else { return nil }
        self.init(ip: ip, port: address.port)
    }
}

extension IPAddress {
    /// Takes over the host of an address of the system's; `nil` for none.
    @inline(__always)
    init?(_ address: udp_address) {
        switch CInt(address.family) {
        case UDP_IPV4: self.init(ipv4: UInt32(truncatingIfNeeded: address.low))
        case UDP_IPV6: self.init(ipv6High: address.high, low: address.low)
        default: return nil
        }
    }

    /// Whether the address is good on one link only, so that the system has to be told which (RFC 4291 §2.5.6).
    @inline(__always)
    var isLinkLocalIPv6: Bool {
        family == .ipv6 && high >> 54 == 0x3FA
    }
}

extension udp_address {
    /// No address.
    static let none = udp_address()

    /// Takes over an address; `scope` says on which interface a link-local one is.
    @inline(__always)
    init(_ address: TransportAddress, scope: UInt32 = 0) {
        self.init(
            high: address.ip.high,
            low: address.ip.low,
            scope: address.ip.isLinkLocalIPv6 ? scope : 0,
            port: address.port,
            family: address.ip.family.rawValue
        )
    }
}
