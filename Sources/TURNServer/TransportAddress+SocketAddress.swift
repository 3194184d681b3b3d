import Listening
public import NIOCore
public import STUN

extension TransportAddress {
    /// Takes over an IP address and port; `nil` for a Unix domain socket.
    public init?(_ address: SocketAddress) {
        guard let ip = IPAddress(address) else { return nil }
        self.init(ip: ip, port: UInt16(truncatingIfNeeded: address.port ?? 0))
    }
}

extension SocketAddress {
    /// Takes over an IP address and port.
    init?(_ address: TransportAddress) {
        var bytes = ByteBuffer()
        switch address.family {
        case .ipv4: bytes.writeInteger(UInt32(truncatingIfNeeded: address.ip.low))
        case .ipv6: bytes.writeMultipleIntegers(address.ip.high, address.ip.low)
        }
        guard let address = try? SocketAddress(packedIPAddress: bytes, port: Int(address.port)) else { return nil }
        self = address
    }
}
