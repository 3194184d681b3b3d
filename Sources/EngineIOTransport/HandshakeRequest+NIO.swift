import EngineIO
import NIOCore
import NIOHTTP1

extension HandshakeRequest {
    /// Takes what applications ask for out of an HTTP request.
    init(_ head: HTTPRequestHead, _ target: RequestTarget, from peer: SocketAddress?) {
        self.init(
            target: head.uri,
            query: target.query,
            headers: head.headers.map { .init(name: $0.name, value: $0.value) },
            remoteAddress: peer?.ipAddress ?? "",
            isSecure: false,
            time: .now
        )
    }
}
