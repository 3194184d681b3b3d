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

    /// The most bytes of a head that are waited for; HTTP takes larger ones, and refuses those that are too large.
    private static let mostBytes = 8192

    /// The most of a head that HTTP takes; more is refused with 431.
    ///
    /// 16 KiB of one field, as much as Node takes in all, for cookies and tokens that are large, and 64 KiB in 128 fields.
    private static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 64 << 10
        limits.maxHeaderFieldCount = 128
        return limits
    }()

    private let servers: [EngineServer]
    private let security: SecureTransport?
    private let other: EngineHTTPHandler.Other
    /// The client's address by the PROXY protocol.
    private let clientAddress: IPAddress?
    /// What came so far of a head that is not complete.
    private var received = ByteBuffer()
    /// Whether there are too many connections: what has come of this one is for nobody.
    private var isRefused = false
    private var timer: EngineTimer?
    private var context: ChannelHandlerContext?

    /// Makes a handler.
    /// - Parameters:
    ///   - servers: The servers, told apart by their paths; at least one, whose time-outs hold for the connection.
    ///   - security: What encrypts the connection; `nil` if nothing does.
    ///   - clientAddress: The client's address by the PROXY protocol; `nil` where the connection's own counts.
    ///   - other: What becomes of other requests.
    init(
        servers: [EngineServer],
        security: SecureTransport?,
        clientAddress: IPAddress?,
        other: EngineHTTPHandler.Other
    ) {
        self.servers = servers
        self.security = security
        self.clientAddress = clientAddress
        self.other = other
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let loop = servers[0].loop(for: context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = loop.schedule(at: loop.now + servers[0].configuration.httpTimeouts.head) {
            loop.counters.timedOut(.head)
            handler.value.context?.close(promise: nil)
        }
        if context.channel.isActive { enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    /// Counts the connection, and closes it if there are too many.
    private func enter(_ context: ChannelHandlerContext) {
        guard servers[0].limitsSockets else { return }
        let address = clientAddress ?? context.channel.peerAddress
        isRefused = !servers[0].enter(context.channel, from: address)
        if isRefused { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
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
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: Self.headLimits)
        )
        let relay = QuiescingRelay()
        let pipelining = HTTPServerPipelineHandler()
        let engine = EngineHTTPHandler(
            servers: servers,
            on: servers[0].loop(for: context.eventLoop),
            security: security,
            clientAddress: clientAddress,
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
        context.fireChannelRead(wrapInboundOut(bytes))
        pipeline.removeHandler(self, promise: nil)
    }

    /// Opens a session for a request that nothing speaks against and nobody need be asked about.
    private func open(_ plain: WebSocketRequest, _ context: ChannelHandlerContext) -> WebSocketUpgrade? {
        let target = RequestTarget(plain.target)
        guard let server = servers.first(where: { target.pathBegins(with: $0.path) }), server.admitsAtOnce else {
            return nil
        }
        let configuration = server.configuration
        let peer = clientAddress ?? context.channel.peerAddress
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
        let subprotocol: String?
        do {
            subprotocol = try WebSocketHandshake.subprotocol(request)
        } catch {
            return nil
        }
        guard case .handshake(.webSocket, let version, let base64) = purpose,
            configuration.hosts?.allows(host) ?? true,
            configuration.allows(origin: origin, host: host),
            let key = try? WebSocketHandshake.key(method: "GET", request),
            (try? server.beginHandshake(from: request.remoteAddress)) != nil,
            let session = try? server.openSession(
                request,
                id: RandomID.make(),
                transport: .webSocket,
                version: version,
                base64: base64,
                on: context.eventLoop
            )
        else { return nil }
        return WebSocketUpgrade(
            role: .transport(session),
            clientAddress: peer,
            accept: WebSocketAccept.value(for: key),
            headers: configuration.cors?.responseHeaders(origin: origin) ?? [],
            subprotocol: subprotocol,
            compression: WebSocketCompression.Terms(configuration.perMessageDeflate, request),
            maxMessageSize: configuration.maxPayload
        )
    }

    // MARK: The end of the connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent, ChannelEvent.inputClosed: context.close(promise: nil)
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
