public import NIOCore
public import STUN

extension TransportAddress {
    /// Takes over an IP address and port; `nil` for a Unix domain socket.
    public init?(_ address: SocketAddress) {
        guard let ip = address.withIPAddressBytes({ IPAddress(bytes: $0.bindMemory(to: UInt8.self).span) }) else {
            return nil
        }
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

    /// Lends the four or sixteen bytes of the IP address, in network order; none for a Unix domain socket.
    ///
    /// Every system has them at the same place in `sockaddr_in` and `sockaddr_in6`.
    func withIPAddressBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let range =
            switch self {
            case .v4: 4..<8
            case .v6: 8..<24
            case .unixDomainSocket: 0..<0
            }
        return try withSockAddr { address, length in
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: address, count: length)[range]))
        }
    }
}
