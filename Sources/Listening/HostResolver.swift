package import NIOCore
import NIOPosix

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Finds the addresses that a name stands for.
package enum HostResolver {
    /// The name has no address.
    package struct UnknownHost: Error {}

    /// The addresses of `hostname`, with `port`.
    ///
    /// - Parameters:
    ///   - hostname: An address, a name, or `nil` for all addresses of the machine, to listen on. `::` stands for all as
    ///     well, IPv4 included, as it does with sockets that serve both families.
    ///   - port: The port.
    /// - Returns: One address or more, each once.
    /// - Throws: ``UnknownHost``.
    package static func resolve(_ hostname: String?, port: Int) async throws -> [SocketAddress] {
        guard let hostname, hostname != "::" else {
            return [
                try SocketAddress(ipAddress: "0.0.0.0", port: port), try SocketAddress(ipAddress: "::", port: port),
            ]
        }
        if let address = try? SocketAddress(ipAddress: hostname, port: port) {
            return [address]
        }
        let addresses = try await NIOThreadPool.singleton.runIfActive { lookUp(hostname, port: port) }
        guard !addresses.isEmpty else {
            throw UnknownHost()
        }
        return addresses
    }

    private static func lookUp(_ hostname: String, port: Int) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // One entry an address, not one for each kind of socket.
        hints.ai_protocol = CInt(IPPROTO_UDP)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(hostname, nil, &hints, &list) == 0, let first = list else { return [] }
        defer { freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
            guard let address = socketAddress(entry.pointee, host: hostname, port: port) else { continue }
            if !addresses.contains(address) {
                addresses.append(address)
            }
        }
        return addresses
    }

    private static func socketAddress(_ entry: addrinfo, host: String, port: Int) -> SocketAddress? {
        guard let pointer = UnsafeRawPointer(entry.ai_addr) else { return nil }
        var address: SocketAddress
        switch entry.ai_family {
        case AF_INET: address = SocketAddress(pointer.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6: address = SocketAddress(pointer.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: return nil
        }
        address.port = port
        return address
    }
}
