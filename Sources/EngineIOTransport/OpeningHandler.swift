import EngineIO
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Looks at the first bytes of a connection: a plain handshake of WebSocket is answered at once, anything else is left
/// to HTTP, whose handlers are added for it.
///
/// Most connections begin with such a handshake, and HTTP's handlers would cost more than all the rest of it, in time
/// and in memory. What is refused, or needs to ask the application, goes the long way too: the answers are in one place.
final class OpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A connection without a request for so long is closed.
    private static let timeout = Duration.seconds(60)

    /// The most bytes of a head that are waited for; HTTP takes larger ones, and refuses those that are too large.
    private static let mostBytes = 8192

    private let servers: [EngineServer]
    private let security: SecureTransport?
    private let other: EngineHTTPHandler.Other
    /// What came so far of a head that is not complete.
    private var received = ByteBuffer()
    /// The client's address by the PROXY protocol.
    private var clientAddress: IPAddress?
    private var timer: EngineTimer?
    private var context: ChannelHandlerContext?

    /// Makes a handler.
    /// - Parameters:
    ///   - servers: The servers, told apart by their paths.
    ///   - security: What encrypts the connection; `nil` if nothing does.
    ///   - other: What becomes of other requests.
    init(servers: [EngineServer], security: SecureTransport?, other: EngineHTTPHandler.Other) {
        self.servers = servers
        self.security = security
        self.other = other
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let loop = servers.first?.loop(for: context.eventLoop) else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = loop.schedule(at: loop.now + Self.timeout) { handler.value.context?.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes > 0 {
            received.writeImmutableBuffer(bytes)
            bytes = received
        }
        switch WebSocketRequest.read(bytes) {
        case .request(let request):
            guard let upgrade = open(request, context) else { return leaveToHTTP(bytes, context) }
            upgrade.replace([self], in: context, security)
        case .incomplete where bytes.readableBytes < Self.mostBytes: received = bytes
        case .incomplete, .other: leaveToHTTP(bytes, context)
        }
    }

    private func leaveToHTTP(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let relay = QuiescingRelay()
        let pipelining = HTTPServerPipelineHandler()
        let engine = EngineHTTPHandler(
            servers: servers,
            security: security,
            other: other,
            httpHandlers: [pipelining, relay, encoder, decoder]
        )
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandlers([encoder, decoder, relay, pipelining, engine])
        } catch {
            return context.close(promise: nil)
        }
        received = ByteBuffer()
        if let clientAddress {
            context.fireUserInboundEventTriggered(ProxyHeaderHandler.ClientAddress(address: clientAddress))
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        pipeline.removeHandler(self, promise: nil)
    }

    /// Opens a session for a request that nothing speaks against and nobody need be asked about.
    private func open(_ plain: WebSocketRequest, _ context: ChannelHandlerContext) -> WebSocketUpgrade? {
        let target = RequestTarget(plain.target)
        guard let server = servers.first(where: { target.path.hasPrefix($0.path) }), server.admitsAtOnce else {
            return nil
        }
        let configuration = server.configuration
        let peer = clientAddress ?? context.channel.remoteAddress.flatMap { IPAddress($0) }
        let request = HandshakeRequest(
            target: plain.target,
            query: target.query,
            headers: plain.headers,
            remoteAddress: peer?.description ?? "",
            isSecure: security != nil,
            time: .now,
            date: .now
        )
        let origin = request.header("Origin")
        let purpose = try? EngineRequest.check(
            method: "GET",
            query: target.query,
            origin: origin,
            isWebSocket: true,
            configuration: configuration
        )
        let host = request.header("Host")
        guard case .handshake(.webSocket, let version, let base64) = purpose,
            configuration.hosts?.allows(host) ?? true,
            configuration.allows(origin: origin, host: host),
            let key = try? WebSocketHandshake.key(method: "GET", request),
            (try? server.beginHandshake(from: request.remoteAddress)) != nil,
            let session = try? server.openSession(
                request,
                id: EngineServer.makeSessionID(),
                transport: .webSocket,
                version: version,
                base64: base64,
                on: context.eventLoop
            )
        else { return nil }
        return WebSocketUpgrade(
            role: .transport(session),
            accept: WebSocketAccept.value(for: key),
            headers: configuration.cors?.responseHeaders(origin: origin) ?? [],
            compression: WebSocketCompression.Terms(configuration.perMessageDeflate, request),
            maxMessageSize: configuration.maxPayload
        )
    }

    // MARK: The end of the connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent, ChannelEvent.inputClosed: context.close(promise: nil)
        case let client as ProxyHeaderHandler.ClientAddress: clientAddress = client.address
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension EngineServer {
    /// Whether a handshake is answered without asking the application.
    fileprivate var admitsAtOnce: Bool {
        configuration.allowRequest == nil && configuration.generateID == nil && configuration.headers == nil
            && configuration.initialHeaders == nil && configuration.trustedProxies == nil
    }
}
