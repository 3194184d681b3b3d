import EngineIO
import FoundationEssentials
import NIOCore
import NIOHTTP1

extension HandshakeRequest {
    /// Takes what applications ask for out of an HTTP request.
    /// - Parameters:
    ///   - head: The head of the request.
    ///   - target: Its target.
    ///   - peer: Where the connection comes from.
    ///   - isSecure: Whether the connection is over TLS.
    ///   - proxies: The proxies whose word about that is taken.
    init(
        _ head: HTTPRequestHead,
        _ target: RequestTarget,
        from peer: IPAddress?,
        isSecure: Bool,
        behind proxies: TrustedProxies? = nil
    ) {
        let client = peer.flatMap { peer in
            proxies?.client(behind: peer, isSecure: isSecure) { head.headers[$0] }
        }
        self.init(
            target: head.uri,
            query: target.query,
            headers: head.headers.map { .init(name: $0.name, value: $0.value) },
            remoteAddress: (client?.address ?? peer)?.description ?? "",
            isSecure: client?.isSecure ?? isSecure,
            time: .now,
            date: .now
        )
    }
}

extension IPAddress {
    /// The address without its port; `nil` for that of a local socket.
    init?(_ address: SocketAddress) {
        switch address {
        // What POSIX calls sin_addr and sin6_addr, by their places: behind family and port, and for IPv6 the flow.
        case .v4(let address): self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address): self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        case .unixDomainSocket: return nil
        }
    }
}
