import EngineIO
import Logging
import NIOCore
import NIOHTTP1

/// Takes the Engine.IO requests out of an HTTP/1.1 connection and leaves all others to the handlers behind it.
///
/// What each event does is decided by an ``HTTPConnectionMachine``; this moves parts, and holds what the request in
/// progress is about.
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

    /// What the request in progress is about.
    enum Request {
        /// There is none, or its body is of no interest.
        case none
        case post(PostBody, EngineSession, HTTPExchange)
        /// For WebSocket.
        case upgrade(EngineHTTPRequest, EngineRequest.Purpose)
        /// It goes to the handlers behind.
        case passed(minorVersion: Int)
    }

    let servers: [EngineServer]
    /// What encrypts the connection; `nil` if nothing does.
    let security: SecureTransport?
    private var other: Other
    /// The handlers of HTTP before this one.
    let httpHandlers: [any RemovableChannelHandler]
    private let loop: NIOEngineLoop
    var now: ContinuousClock.Instant { loop.now }
    // Its methods call nothing outside, so accesses can't overlap; checking that costs as much as they do.
    @exclusivity(unchecked) var machine: HTTPConnectionMachine
    private(set) var request = Request.none
    /// The exchange to be answered, and the session it waits for.
    var pending: (exchange: HTTPExchange, session: EngineSession?)?
    /// Asks the application about the handshake that is pending.
    var admission: Task<Void, Never>?
    /// Where the connection comes from, once somebody has asked or a load balancer has said so.
    private var clientAddress: IPAddress?
    /// Whether a read brought a part of a request.
    private var hasReadPart = false
    /// Set for the machine's deadline or earlier.
    private var alarm: EngineTimer?
    /// What the alarm is set for, if it is.
    @exclusivity(unchecked) private var alarmTime: ContinuousClock.Instant
    private(set) var context: ChannelHandlerContext?

    /// Makes a handler.
    /// - Parameters:
    ///   - servers: The servers, told apart by their paths; at least one, whose time-outs hold for the connection.
    ///   - loop: The connection's loop.
    ///   - security: What encrypts the connection; `nil` if nothing does.
    ///   - clientAddress: The client's address by the PROXY protocol; `nil` where the connection's own counts.
    ///   - other: What becomes of other requests.
    ///   - httpHandlers: The handlers of HTTP before this one, which an upgrade removes.
    init(
        servers: [EngineServer],
        on loop: NIOEngineLoop,
        security: SecureTransport?,
        clientAddress: IPAddress?,
        other: Other,
        httpHandlers: [any RemovableChannelHandler]
    ) {
        self.servers = servers
        self.loop = loop
        self.security = security
        self.clientAddress = clientAddress
        self.other = other
        self.httpHandlers = httpHandlers
        alarmTime = loop.now
        machine = HTTPConnectionMachine(timeouts: servers[0].configuration.httpTimeouts, at: alarmTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        setAlarm()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
        // Whoever waits for a first request for the application learns that none will come.
        other = .refuse
        self.context = nil
    }

    /// Lets go what refers to this handler, or is held for a request that will not be complete.
    private func release() {
        alarm?.cancel()
        alarm = nil
        abortPending()
        request = .none
    }

    // MARK: Time

    /// Has the machine asked at its deadline; a timer that is set for earlier finds out that it is not yet time.
    func setAlarm() {
        guard context != nil, let deadline = machine.deadline else { return }
        if let alarm {
            guard deadline < alarmTime else { return }
            alarm.cancel()
        }
        let handler = NIOLoopBound(self, eventLoop: loop.eventLoop)
        alarmTime = deadline
        alarm = loop.schedule(at: deadline) { handler.value.ring() }
    }

    private func ring() {
        alarm = nil
        guard let context else { return }
        switch machine.timeout(unsent: unsentBytes(context), at: now) {
        case .wait: setAlarm()
        case .close(let timeout):
            if let timeout {
                loop.counters.timedOut(timeout)
                servers[0].logger.debug(
                    "Closing a connection that does not go on",
                    metadata: ["state": "\(timeout.rawValue)"]
                )
            }
            context.close(promise: nil)
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReadPart = true
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let bytes): receive(bytes, data, context)
        case .end: receiveEnd(data, context)
        }
        // The deadline is looked at when the read is over, and after each response.
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !hasReadPart { machine.receivePartOfHead(at: now) }
        hasReadPart = false
        setAlarm()
        context.fireChannelReadComplete()
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let facts: HTTPRequestHeadFacts
        do {
            facts = try HTTPRequestRules.check(head)
        } catch {
            return refuse(error, context)
        }
        guard machine.receiveHead(facts, at: now) == .route else { return }
        var head = head
        if facts.target != head.uri {
            head.uri = facts.target
            if let host = facts.host { head.headers.replaceOrAdd(name: "Host", value: host) }
        }
        let target = RequestTarget(head.uri)
        guard let server = servers.first(where: { target.pathBegins(with: $0.path) }) else {
            return receiveOther(head, context)
        }
        let request = EngineHTTPRequest(head, target, for: server, from: peer(context), isSecure: security != nil)
        let exchange = HTTPExchange(request, handler: self, on: context.eventLoop)
        pending = (exchange, nil)
        do {
            try request.checkHost()
            if answerAtOnce(request, exchange) { return }
            try begin(request.purpose(), request, exchange, context)
        } catch {
            _ = machine.route(.unwanted(limit: server.configuration.maxPayload), at: now)
            exchange.refuse(error)
        }
    }

    /// Refuses a request that is not as HTTP demands, and ends the connection: what follows can't be trusted.
    private func refuse(_ violation: HTTPViolation, _ context: ChannelHandlerContext) {
        switch machine.receiveBroken(at: now) {
        case .answer: answer(violation, context)
        case .pass, .ignore: break
        case .close: context.close(promise: nil)
        }
    }

    /// Answers what needs neither a session nor the application.
    private func answerAtOnce(_ request: EngineHTTPRequest, _ exchange: HTTPExchange) -> Bool {
        let server = request.server
        if request.head.method == .OPTIONS, let cors = server.configuration.cors, !cors.preflightContinue {
            _ = machine.route(.unwanted(limit: 0), at: now)
            let asked = request.head.headers.first(name: "Access-Control-Request-Headers")
            let headers = cors.preflightHeaders(origin: request.origin, requestedHeaders: asked)
            let status = HTTPResponseStatus(statusCode: cors.optionsSuccessStatus)
            respond(.init(status: status, headers: HTTPHeaders(headers)), to: exchange)
            return true
        }
        guard let (status, headers, body) = server.clientFiles?.response(to: request) else { return false }
        _ = machine.route(.unwanted(limit: 0), at: now)
        exchange.respond(status: status, headers: headers, body: body)
        return true
    }

    /// Where the connection comes from.
    func peer(_ context: ChannelHandlerContext) -> IPAddress? {
        if let clientAddress { return clientAddress }
        clientAddress = context.channel.peerAddress
        return clientAddress
    }

    private func begin(
        _ purpose: EngineRequest.Purpose,
        _ request: EngineHTTPRequest,
        _ exchange: HTTPExchange,
        _ context: ChannelHandlerContext
    ) throws(EngineRefusal) {
        let server = request.server
        let unwanted = HTTPConnectionMachine.Body.unwanted(limit: server.configuration.maxPayload)
        switch purpose {
        case .handshake(.webSocket, _, _), .upgrade:
            guard machine.route(.forbidden, at: now) == .go else {
                return exchange.respond(status: 400, isLast: true)
            }
            self.request = .upgrade(request, purpose)
        case .handshake(.polling, let version, let base64):
            _ = machine.route(unwanted, at: now)
            shakeHands(request, exchange, version, base64: base64, context)
        case .poll(let sid):
            try request.checkOrigin()
            guard let session = server.session(sid) else { throw .sessionUnknown(sid) }
            _ = machine.route(unwanted, at: now)
            pending = (exchange, session)
            session.nioLoop.run { session.receivePoll(exchange) }
        case .post(let sid):
            try request.checkOrigin()
            guard let session = server.session(sid) else { throw .sessionUnknown(sid) }
            pending = (exchange, session)
            receivePost(request, session, exchange, context)
        case .badMethod:
            _ = machine.route(unwanted, at: now)
            exchange.respond(status: 500)
        }
    }

    private func receivePost(
        _ request: EngineHTTPRequest,
        _ session: EngineSession,
        _ exchange: HTTPExchange,
        _ context: ChannelHandlerContext
    ) {
        let answer = machine.route(.wanted(limit: request.server.configuration.maxPayload), at: now)
        self.request = .post(PostBody(request.head), session, exchange)
        session.nioLoop.run { session.receivePostHead(exchange) }
        switch answer {
        case .go, .unexpectedBody: break
        // Not where the session has refused the request meanwhile.
        case .sendContinue: if pending?.exchange === exchange { sendContinue(context) }
        case .tooLarge(let size):
            self.request = .none
            session.nioLoop.run { session.postTooLarge(size, exchange) }
        }
    }

    private func receiveOther(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch other {
        case .refuse:
            let exchange = HTTPExchange(nil, handler: self, on: context.eventLoop)
            pending = (exchange, nil)
            _ = machine.route(.unwanted(limit: 0), at: now)
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
        request = .passed(minorVersion: head.version.minor)
        let limit = head.isWebSocketUpgrade ? upgradeTimeout : nil
        if machine.route(.passed(answerWithin: limit), at: now) == .sendContinue { sendContinue(context) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// How long a request for WebSocket may stay without an answer.
    private var upgradeTimeout: Duration? {
        servers.map(\.configuration).filter(\.destroyUpgrade).map(\.destroyUpgradeTimeout).min()
    }

    private func receive(_ bytes: ByteBuffer, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch machine.receiveBody(bytes.readableBytes, at: now) {
        case .drop: break
        case .pass: context.fireChannelRead(data)
        case .close: context.close(promise: nil)
        case .take:
            guard case .post(var body, let session, let exchange) = request else { return }
            request = .none  // gives up the second reference, so that the body grows in place
            body.append(bytes)
            request = .post(body, session, exchange)
        case .tooLarge(let size):
            guard case .post(let body, let session, let exchange) = request else { return }
            request = .none
            session.nioLoop.run { session.postTooLarge(max(size, body.declaredLength), exchange) }
        }
    }

    private func receiveEnd(_ data: NIOAny, _ context: ChannelHandlerContext) {
        let answer = machine.receiveEnd(at: now)
        let request = request
        self.request = .none
        switch (answer, request) {
        case (.take, .post(let body, let session, let exchange)):
            session.nioLoop.run { session.receivePost(body.bytes, isBinary: body.isBinary, exchange) }
        case (.upgrade, .upgrade(let request, let purpose)): upgrade(request, purpose, context)
        case (.pass, _):
            self.request = request
            context.fireChannelRead(data)
        case (.close, _): context.close(promise: nil)
        case (.take, _), (.upgrade, _), (.drop, _): break
        }
    }

    // MARK: The end of the connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is QuiescingRelay.Quiesce: quiesce(context)
        case ChannelEvent.inputClosed:
            switch machine.closeInput(at: now) {
            case .close: context.close(promise: nil)
            case .abort:
                abortPending()
                context.close(promise: nil)
            case .closeWhenSent: closeWhenSent(context)
            case .wait: break
            }
        default: break
        }
        setAlarm()
        context.fireUserInboundEventTriggered(event)
    }

    private func quiesce(_ context: ChannelHandlerContext) {
        let now = now
        let grace = servers.map { $0.remainingGrace(at: now) }.max() ?? .zero
        switch machine.quiesce(by: now + grace, at: now) {
        case .close: context.close(promise: nil)
        case .closeWhenSent: closeWhenSent(context)
        case .wait: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The rest of a request that a closing connection cuts off is an error too, but then there is nobody to answer.
        guard let error = error as? HTTPParserError, context.channel.isActive else {
            if case .passed = request { return context.fireErrorCaught(error) }
            return context.close(promise: nil)
        }
        switch machine.receiveBroken(at: now) {
        case .answer:
            abortPending()
            request = .none
            answer(HTTPViolation(error), context)
        case .pass: context.fireErrorCaught(error)
        case .close: context.close(promise: nil)
        case .ignore: break
        }
        setAlarm()
    }

    private func answer(_ violation: HTTPViolation, _ context: ChannelHandlerContext) {
        let exchange = HTTPExchange(nil, handler: self, on: context.eventLoop)
        pending = (exchange, nil)
        exchange.respond(status: violation.rawValue, isLast: true)
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
