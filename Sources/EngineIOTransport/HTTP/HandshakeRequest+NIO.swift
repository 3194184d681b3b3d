import EngineIO
import FoundationEssentials
import Listening
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

extension Channel {
    /// Where the connection comes from, as IPv4 where it does over IPv4; `nil` for a local socket.
    var peerAddress: IPAddress? {
        remoteAddress.flatMap { IPAddress($0)?.unmapped }
    }
}
