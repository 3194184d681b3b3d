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
        case reading(PostBody, EngineSession, HTTPExchange)
        /// A request for WebSocket, not yet complete.
        case upgrading(EngineHTTPRequest, EngineRequest.Purpose)
        /// The request is complete; the answer may be to come.
        case complete
    }

    /// A connection without a request for so long, once to twice, is closed.
    private static let idleTimeout = TimeAmount.seconds(60)

    private let servers: [EngineServer]
    /// What encrypts the connection; `nil` if nothing does.
    let security: SecureTransport?
    private var other: Other
    /// The handlers of HTTP before this one.
    let httpHandlers: [any RemovableChannelHandler]
    private var state = State.idle
    /// The exchange to be answered, and the session it waits for.
    var pending: (exchange: HTTPExchange, session: EngineSession?)?
    /// Asks the application about the handshake that is pending.
    var admission: Task<Void, Never>?
    private var isKeepAlive = true
    private var isQuiescing = false
    /// Where the connection comes from, once somebody has asked or a load balancer has said so.
    private var clientAddress: IPAddress?
    private var wasIdle = false
    private var idleTimer: Scheduled<Void>?
    private var foreignUpgradeTimer: Scheduled<Void>?
    private(set) var context: ChannelHandlerContext?

    /// Makes a handler.
    /// - Parameters:
    ///   - servers: The servers, told apart by their paths.
    ///   - security: What encrypts the connection; `nil` if nothing does.
    ///   - other: What becomes of other requests.
    ///   - httpHandlers: The handlers of HTTP before this one, which an upgrade removes.
    init(
        servers: [EngineServer],
        security: SecureTransport?,
        other: Other,
        httpHandlers: [any RemovableChannelHandler]
    ) {
        self.servers = servers
        self.security = security
        self.other = other
        self.httpHandlers = httpHandlers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watchIdleness(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer?.cancel()
        foreignUpgradeTimer?.cancel()
        release()
        // Whoever waits for a first request for the application learns that none will come.
        other = .refuse
        self.context = nil
    }

    /// Lets go what refers to this handler, or is held for a request that will not be complete.
    private func release() {
        abortPending()
        state = .idle
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
        let request = EngineHTTPRequest(head, target, for: server, from: peer(context), isSecure: security != nil)
        let exchange = HTTPExchange(request, handler: self, on: context.eventLoop)
        pending = (exchange, nil)
        do {
            try request.checkHost()
        } catch {
            return refuse(error, exchange, server)
        }
        if head.method == .OPTIONS, let cors = server.configuration.cors, !cors.preflightContinue {
            state = .discarding(exchange, read: 0, limit: 0)
            let asked = head.headers.first(name: "Access-Control-Request-Headers")
            let headers = cors.preflightHeaders(origin: request.origin, requestedHeaders: asked)
            let status = HTTPResponseStatus(statusCode: cors.optionsSuccessStatus)
            return respond(.init(status: status, headers: HTTPHeaders(headers)), to: exchange)
        }
        if let (status, headers, body) = server.clientFiles?.response(to: request) {
            state = .discarding(exchange, read: 0, limit: 0)
            return exchange.respond(status: status, headers: headers, body: body)
        }
        do {
            try begin(request.purpose(), request, exchange, context)
        } catch {
            refuse(error, exchange, server)
        }
    }

    /// Refuses a request whose body may still come.
    private func refuse(_ refusal: EngineRefusal, _ exchange: HTTPExchange, _ server: EngineServer) {
        state = .discarding(exchange, read: 0, limit: server.configuration.maxPayload)
        exchange.refuse(refusal)
    }

    /// Where the connection comes from.
    private func peer(_ context: ChannelHandlerContext) -> IPAddress? {
        if let clientAddress { return clientAddress }
        clientAddress = context.channel.remoteAddress.flatMap { IPAddress($0) }
        return clientAddress
    }

    private func begin(
        _ purpose: EngineRequest.Purpose,
        _ request: EngineHTTPRequest,
        _ exchange: HTTPExchange,
        _ context: ChannelHandlerContext
    ) throws(EngineRefusal) {
        let server = request.server
        let limit = server.configuration.maxPayload
        switch purpose {
        case .handshake(.webSocket, _, _), .upgrade: state = .upgrading(request, purpose)
        case .handshake(.polling, let version, let base64):
            state = .discarding(exchange, read: 0, limit: limit)
            shakeHands(request, exchange, version, base64: base64, context)
        case .poll(let sid):
            try request.checkOrigin()
            guard let session = server.session(sid) else { throw .sessionUnknown(sid) }
            state = .discarding(exchange, read: 0, limit: limit)
            pending = (exchange, session)
            session.nioLoop.run { session.receivePoll(exchange) }
        case .post(let sid):
            try request.checkOrigin()
            guard let session = server.session(sid) else { throw .sessionUnknown(sid) }
            pending = (exchange, session)
            state = .reading(PostBody(request.head, limit: limit), session, exchange)
            session.nioLoop.run { session.receivePostHead(exchange) }
        case .badMethod:
            state = .discarding(exchange, read: 0, limit: limit)
            exchange.respond(status: 500)
        }
    }

    private func passOn(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch other {
        case .refuse:
            let exchange = HTTPExchange(nil, handler: self, on: context.eventLoop)
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
        if head.isWebSocketUpgrade { watchForeignUpgrade(context) }
        context.fireChannelRead(data)
    }

    /// Closes the connection when nobody begins to answer a request for WebSocket.
    private func watchForeignUpgrade(_ context: ChannelHandlerContext) {
        let timeouts = servers.map(\.configuration).filter(\.destroyUpgrade).map(\.destroyUpgradeTimeout)
        guard let timeout = timeouts.min() else { return }
        foreignUpgradeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    private func receive(_ bytes: ByteBuffer, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch state {
        case .passing: context.fireChannelRead(data)
        case .discarding(let exchange, let read, let limit):
            // Whoever sends more than could ever be wanted has had the answer: the connection ends.
            guard read + bytes.readableBytes <= limit else { return context.close(promise: nil) }
            state = .discarding(exchange, read: read + bytes.readableBytes, limit: limit)
        case .reading(var body, let session, let exchange):
            state = .idle  // gives up the second reference, so that the body grows in place
            if let size = body.append(bytes) {
                isKeepAlive = false
                state = .discarding(exchange, read: 0, limit: session.server.configuration.maxPayload)
                session.nioLoop.run { session.postTooLarge(size, exchange) }
            } else {
                state = .reading(body, session, exchange)
            }
        case .idle, .upgrading, .complete: break
        }
    }

    private func receiveEnd(_ data: NIOAny, _ context: ChannelHandlerContext) {
        switch state {
        case .passing: context.fireChannelRead(data)
        case .reading(let body, let session, let exchange):
            state = .complete
            session.nioLoop.run { session.receivePost(body.bytes, isBinary: body.isBinary, exchange) }
        case .discarding: state = .complete
        case .upgrading(let request, let purpose):
            state = .complete
            upgrade(request, purpose, context)
        case .idle, .complete: break
        }
        if case .complete = state, pending == nil { becomeIdle(context) }
    }

    // MARK: Responses

    /// Writes the response to the current request; one to an earlier request comes too late and is dropped.
    func respond(_ response: HTTPExchange.Response, to exchange: HTTPExchange) {
        guard let context, pending?.exchange === exchange else { return }
        pending = nil
        let isHead = exchange.request?.head.method == .HEAD
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        if response.status != .noContent, response.status != .notModified {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.readableBytes)")
        }
        let isLast = response.isLast || !isKeepAlive || isQuiescing
        if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.body.readableBytes > 0, !isHead {
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
        foreignUpgradeTimer?.cancel()
        foreignUpgradeTimer = nil
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
        case let client as ProxyHeaderHandler.ClientAddress: clientAddress = client.address
        case is QuiescingRelay.Quiesce: quiesce(context)
        case ChannelEvent.inputClosed:
            let wasPending = pending != nil
            abortPending()
            // Nobody is left who would answer a request that was given up, and so end the connection.
            if case .idle = state { context.close(promise: nil) } else if wasPending { context.close(promise: nil) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Ends with the response to a request that is complete, and at once otherwise.
    private func quiesce(_ context: ChannelHandlerContext) {
        isQuiescing = true
        switch state {
        case .complete, .passing: break
        case .idle, .discarding, .reading, .upgrading: context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .passing = state { return context.fireErrorCaught(error) }
        // The rest of a request that a closing connection cuts off is an error too, but then there is nobody to answer;
        // nor is there where the request has been answered before it was complete.
        guard error is HTTPParserError, case .idle = state, pending == nil, context.channel.isActive else {
            return context.close(promise: nil)
        }
        let exchange = HTTPExchange(nil, handler: self, on: context.eventLoop)
        pending = (exchange, nil)
        isKeepAlive = false
        exchange.respond(status: 400)
    }

    private func abortPending() {
        guard let (exchange, session) = pending else { return }
        pending = nil
        admission?.cancel()
        admission = nil
        guard let session else { return }
        session.nioLoop.run { session.requestAborted(exchange) }
    }
}
