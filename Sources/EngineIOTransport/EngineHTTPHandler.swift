import EngineIO
import Logging
import NIOCore
import NIOHTTP1

/// Takes the Engine.IO requests out of an HTTP/1.1 connection and leaves all others to the handlers behind it.
final class EngineHTTPHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    struct Response: Sendable {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    /// What becomes of requests that are not Engine.IO's.
    enum Other {
        /// They are answered with 404.
        case refuse
        /// They go to the handlers that `install` adds behind this one before the first of them.
        case pass(install: (any Channel) throws -> Void)
        /// They go to the handlers behind this one.
        case passInstalled
    }

    private enum State {
        /// Between requests.
        case idle
        /// A request goes to the handlers behind.
        case passing
        /// The body is not wanted; no more of it than the limit is read.
        case discarding(HTTPExchange, read: Int, limit: Int)
        case reading(Post)
        /// A request for WebSocket, not yet complete.
        case upgrading(EngineServer, HTTPRequestHead, RequestTarget, EngineRequest.Purpose)
        /// The request is complete; the answer may be to come.
        case complete
    }

    private struct Post {
        var session: EngineSession
        var exchange: HTTPExchange
        var isBinary: Bool
        var limit: Int
        var contentLength: Int?
        var body = ByteBuffer()
    }

    /// A connection without a request for so long, once to twice, is closed.
    private static let idleTimeout = TimeAmount.seconds(60)

    private let servers: [EngineServer]
    private var other: Other
    /// The handlers of HTTP before this one.
    let httpHandlers: [any RemovableChannelHandler]
    private var state = State.idle
    /// The exchange to be answered, and the session it waits for.
    private var pending: (exchange: HTTPExchange, session: EngineSession?)?
    private var isKeepAlive = true
    private var isQuiescing = false
    private var wasIdle = false
    private var idleTimer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// Makes a handler.
    /// - Parameters:
    ///   - servers: The servers, told apart by their paths.
    ///   - other: What becomes of other requests.
    ///   - httpHandlers: The handlers of HTTP before this one, which an upgrade removes.
    init(servers: [EngineServer], other: Other, httpHandlers: [any RemovableChannelHandler]) {
        self.servers = servers
        self.other = other
        self.httpHandlers = httpHandlers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watchIdleness(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer?.cancel()
        self.context = nil
    }

    private func watchIdleness(_ context: ChannelHandlerContext) {
        idleTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.idleTimeout) { [weak self] in
            guard let self, let context = self.context else { return }
            guard case .idle = state else { return watchIdleness(context) }
            if wasIdle { return context.close(promise: nil) }
            wasIdle = true
            watchIdleness(context)
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, data, context)
        case .body(let bytes): receive(bytes, data, context)
        case .end: receiveEnd(data, context)
        }
    }

    private func receive(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        wasIdle = false
        isKeepAlive = head.isKeepAlive
        let target = RequestTarget(head.uri)
        guard let server = servers.first(where: { target.path.hasPrefix($0.path) }) else {
            return passOn(head, data, context)
        }
        let exchange = HTTPExchange(
            origin: head.headers.first(name: "Origin"),
            cors: server.configuration.cors,
            handler: self,
            on: context.eventLoop
        )
        pending = (exchange, nil)
        if head.method == .OPTIONS, let cors = server.configuration.cors {
            state = .discarding(exchange, read: 0, limit: 0)
            let asked = head.headers.first(name: "Access-Control-Request-Headers")
            let headers = cors.preflightHeaders(origin: head.headers.first(name: "Origin"), requestedHeaders: asked)
            return respond(.init(status: .noContent, headers: HTTPHeaders(headers), body: ByteBuffer()), to: exchange)
        }
        let isWebSocket = head.headers.first(name: "Upgrade").map { $0.lowercased() == "websocket" } ?? false
        do {
            let purpose = try EngineRequest.check(
                method: head.method.rawValue,
                query: target.query,
                isWebSocket: isWebSocket,
                configuration: server.configuration
            )
            begin(purpose, head, target, exchange, server, context)
        } catch {
            server.logger.debug("Refused a request", metadata: ["target": "\(head.uri)", "reason": "\(error.message)"])
            refuse(error, isWebSocket: isWebSocket, exchange, server)
        }
    }

    private func begin(
        _ purpose: EngineRequest.Purpose,
        _ head: HTTPRequestHead,
        _ target: RequestTarget,
        _ exchange: HTTPExchange,
        _ server: EngineServer,
        _ context: ChannelHandlerContext
    ) {
        let limit = server.configuration.maxPayload
        switch purpose {
        case .handshake(.webSocket, _, _), .upgrade:
            state = .upgrading(server, head, target, purpose)
        case .handshake(.polling, let version, let base64):
            state = .discarding(exchange, read: 0, limit: limit)
            let session = server.openSession(
                HandshakeRequest(head, target, from: context.channel.remoteAddress),
                transport: .polling,
                version: version,
                base64: base64,
                on: context.eventLoop
            )
            session.start(answering: exchange)
        case .poll(let sid):
            state = .discarding(exchange, read: 0, limit: limit)
            guard let session = server.session(sid) else { return exchange.refuse(.sessionUnknown) }
            pending = (exchange, session)
            session.nioLoop.run { session.receivePoll(exchange) }
        case .post(let sid):
            guard let session = server.session(sid) else {
                return refuse(.sessionUnknown, isWebSocket: false, exchange, server)
            }
            pending = (exchange, session)
            let type = head.headers.first(name: "Content-Type") ?? ""
            let isBinary = type.lowercased().hasPrefix("application/octet-stream")
            let length = head.headers.first(name: "Content-Length").flatMap { Int($0) }
            state = .reading(
                Post(session: session, exchange: exchange, isBinary: isBinary, limit: limit, contentLength: length)
            )
            session.nioLoop.run { session.receivePostHead(exchange) }
        case .badMethod:
            state = .discarding(exchange, read: 0, limit: limit)
            exchange.respond(status: 500)
        }
    }

    /// Refuses a request at its head; a WebSocket's with the text alone, as its client expects.
    private func refuse(
        _ error: EngineRequestError,
        isWebSocket: Bool,
        _ exchange: HTTPExchange,
        _ server: EngineServer
    ) {
        state = .discarding(exchange, read: 0, limit: server.configuration.maxPayload)
        guard isWebSocket else { return exchange.refuse(error) }
        isKeepAlive = false
        let body = ByteBuffer(string: error.message)
        exchange.respond(status: 400, headers: [("Content-Type", "text/html")], body: body)
    }

    private func passOn(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch other {
        case .refuse:
            let exchange = HTTPExchange(origin: nil, cors: nil, handler: self, on: context.eventLoop)
            pending = (exchange, nil)
            state = .discarding(exchange, read: 0, limit: 0)
            let headers = [("Content-Type", "text/plain; charset=UTF-8")]
            return exchange.respond(status: 404, headers: headers, body: ByteBuffer(string: "Not found\n"))
        case .pass(let install):
            other = .passInstalled
            do {
                try install(context.channel)
            } catch {
                return context.close(promise: nil)
            }
        case .passInstalled: break
        }
        state = .passing
        context.fireChannelRead(data)
    }

    private func receive(_ bytes: ByteBuffer, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch state {
        case .passing: context.fireChannelRead(data)
        case .discarding(let exchange, let read, let limit):
            // Whoever sends more than could ever be wanted has had the answer: the connection ends.
            guard read + bytes.readableBytes <= limit else { return context.close(promise: nil) }
            state = .discarding(exchange, read: read + bytes.readableBytes, limit: limit)
        case .reading(var post):
            guard post.body.readableBytes + bytes.readableBytes <= post.limit else {
                let declared = post.contentLength ?? 0
                return refuseLarge(post, size: max(declared, post.body.readableBytes + bytes.readableBytes))
            }
            state = .idle  // gives up the second reference, so that the body grows in place
            post.body.writeImmutableBuffer(bytes)
            state = .reading(post)
        case .idle, .upgrading, .complete: break
        }
    }

    private func refuseLarge(_ post: Post, size: Int) {
        isKeepAlive = false
        state = .discarding(post.exchange, read: 0, limit: post.limit)
        post.session.nioLoop.run { post.session.postTooLarge(size, post.exchange) }
    }

    private func receiveEnd(_ data: NIOAny, _ context: ChannelHandlerContext) {
        switch state {
        case .passing: context.fireChannelRead(data)
        case .reading(let post):
            state = .complete
            post.session.nioLoop.run { post.session.receivePost(post.body, isBinary: post.isBinary, post.exchange) }
        case .discarding: state = .complete
        case .upgrading(let server, let head, let target, let purpose):
            state = .complete
            upgrade(server, head, target, purpose, context)
        case .idle, .complete: break
        }
        if case .complete = state, pending == nil { becomeIdle(context) }
    }

    // MARK: Responses

    /// Writes the response to the current request; one to an earlier request comes too late and is dropped.
    func respond(_ response: Response, to exchange: HTTPExchange) {
        guard let context, pending?.exchange === exchange else { return }
        pending = nil
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        if response.status != .noContent {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.readableBytes)")
        }
        let isLast = !isKeepAlive || isQuiescing
        if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        let end = wrapOutboundOut(.end(nil))
        if isLast {
            isKeepAlive = false
            context.writeAndFlush(end).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        } else {
            context.writeAndFlush(end, promise: nil)
        }
        if case .complete = state { becomeIdle(context) }
    }

    /// Notices the end of a response that the handlers behind give.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        if isEnd, case .passing = state { becomeIdle(context) }
    }

    private func becomeIdle(_ context: ChannelHandlerContext) {
        state = .idle
        if isQuiescing { context.close(promise: nil) }
    }

    // MARK: The end of the connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if case .idle = state { context.close(promise: nil) }
        case ChannelEvent.inputClosed:
            abortPending()
            if case .idle = state { context.close(promise: nil) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        abortPending()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .passing = state { return context.fireErrorCaught(error) }
        // The rest of a request that a closing connection cuts off is an error too, but then there is nobody to answer.
        guard error is HTTPParserError, pending == nil, context.channel.isActive else {
            return context.close(promise: nil)
        }
        let exchange = HTTPExchange(origin: nil, cors: nil, handler: self, on: context.eventLoop)
        pending = (exchange, nil)
        isKeepAlive = false
        exchange.respond(status: 400)
    }

    private func abortPending() {
        guard let (exchange, session) = pending else { return }
        pending = nil
        guard let session else { return }
        session.nioLoop.run { session.requestAborted(exchange) }
    }

    // MARK: Upgrade

    private func upgrade(
        _ server: EngineServer,
        _ head: HTTPRequestHead,
        _ target: RequestTarget,
        _ purpose: EngineRequest.Purpose,
        _ context: ChannelHandlerContext
    ) {
        guard let exchange = pending?.exchange else { return }
        let request = HandshakeRequest(head, target, from: context.channel.remoteAddress)
        let accept: String
        do {
            accept = WebSocketAccept.value(for: try WebSocketHandshake.key(method: head.method.rawValue, request))
        } catch {
            isKeepAlive = false
            return switch error {
            case .method: exchange.respond(status: 405)
            case .malformed: exchange.respond(status: 400)
            case .version: exchange.respond(status: 400, headers: [("Sec-WebSocket-Version", "13, 8")])
            }
        }
        let role: WebSocketUpgrade.Role
        switch purpose {
        case .upgrade(let sid):
            guard server.configuration.allowUpgrades else {
                return refuse(.badRequest, isWebSocket: true, exchange, server)
            }
            guard let session = server.session(sid) else {
                return refuse(.sessionUnknown, isWebSocket: true, exchange, server)
            }
            role = .probe(session)
        case .handshake(_, let version, let base64):
            let session = server.openSession(
                request,
                transport: .webSocket,
                version: version,
                base64: base64,
                on: context.eventLoop
            )
            role = .transport(session)
        case .poll, .post, .badMethod: return
        }
        pending = nil
        let upgrade = WebSocketUpgrade(
            role: role,
            response: WebSocketHandshake.response(
                accept: accept,
                headers: server.configuration.cors?.responseHeaders(origin: request.header("Origin")) ?? []
            ),
            maxMessageSize: server.configuration.maxPayload
        )
        upgrade.replace(self, and: httpHandlers, in: context)
    }
}
