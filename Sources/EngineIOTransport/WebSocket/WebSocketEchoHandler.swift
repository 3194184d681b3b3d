import EngineIO
import NIOCore
import NIOHTTP1

/// Answers requests for WebSocket at one path with an echo, and all others with 404.
///
/// The WebSocket is the one that carries sessions, so that what a suite finds out about the echo holds for them.
final class WebSocketEchoHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// 16 MiB, the largest message that the Autobahn suite sends.
    private static let maxMessageSize = 1 << 24

    /// Everything that a client may ask for.
    private static let compression = PerMessageDeflate(
        threshold: 0,
        serverContextTakeover: true,
        clientContextTakeover: true
    )

    private let path: String
    private var head: HTTPRequestHead?

    init(path: String) {
        self.path = path
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let target = RequestTarget(head.uri)
        let request = HandshakeRequest(head, target, from: nil, isSecure: false)
        guard target.path == path,
            let key = try? WebSocketHandshake.key(method: head.method.rawValue, request),
            let engine = try? context.pipeline.syncOperations.handler(type: EngineHTTPHandler.self)
        else { return refuse(context) }
        let upgrade = WebSocketUpgrade(
            role: .echo(NIOEngineLoop(context.eventLoop)),
            clientAddress: nil,
            accept: WebSocketAccept.value(for: key),
            compression: WebSocketCompression.Terms(Self.compression, request),
            maxMessageSize: Self.maxMessageSize
        )
        upgrade.replace([self, engine] + engine.httpHandlers, in: context, engine.security)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .notFound, headers: ["Content-Length": "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
