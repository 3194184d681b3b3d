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
    ///   - proxies: The proxies whose word about that is taken.
    init(_ head: HTTPRequestHead, _ target: RequestTarget, from peer: IPAddress?, behind proxies: TrustedProxies? = nil)
    {
        let client = peer.flatMap { peer in
            proxies?.client(behind: peer, isSecure: false) { head.headers[$0] }
        }
        self.init(
            target: head.uri,
            query: target.query,
            headers: head.headers.map { .init(name: $0.name, value: $0.value) },
            remoteAddress: (client?.address ?? peer)?.description ?? "",
            isSecure: client?.isSecure ?? false,
            time: .now,
            date: .now
        )
    }
}

extension IPAddress {
    /// The address without its port; `nil` for that of a local socket.
    init?(_ address: SocketAddress) {
        // Ahead of a zone, which says where an address is valid and is no part of it.
        guard let text = address.ipAddress?.split(separator: "%").first else { return nil }
        self.init(text)
    }
}
