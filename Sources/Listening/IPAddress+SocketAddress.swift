package import NIOCore
package import Networking

extension IPAddress {
    /// Takes over the address of a socket, without its port; `nil` for that of a local socket.
    package init?(_ address: SocketAddress) {
        let ip: IPAddress? =
            switch address {
            // What POSIX calls sin_addr and sin6_addr, by their places: behind family and port, and for IPv6 the flow.
            case .v4(let address): withUnsafeBytes(of: address.address) { Self($0[4..<8]) }
            case .v6(let address): withUnsafeBytes(of: address.address) { Self($0[8..<24]) }
            case .unixDomainSocket: nil
            }
        guard let ip else { return nil }
        self = ip
    }

    private init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
        self.init(bytes: UnsafeRawBufferPointer(rebasing: bytes).bindMemory(to: UInt8.self).span)
    }
}
