import EngineIO
import Logging
import NIOCore

/// Drives a session: moves its bytes, runs its timer, and keeps the two transports on its loop.
///
/// Everything but the immutable members is touched on ``nioLoop`` only; that is what the unchecked conformance
/// rests on.
final class EngineSession: EngineConnection, @unchecked Sendable {
    let id: String
    let handshake: HandshakeRequest
    let protocolVersion: EngineProtocolVersion
    let server: EngineServer
    let nioLoop: NIOEngineLoop

    private let format: PollingFormat
    // Its methods call nothing outside, so accesses can't overlap; checking that costs as much as they do.
    @exclusivity(unchecked) var machine: SessionMachine
    var handler: (any EngineConnectionHandler)?
    private var earlyEnd: EngineCloseReason?
    var poll: HTTPExchange?
    var webSocket: WebSocketHandler?
    private var currentTransport: EngineTransport
    private var isFlushDue = false
    /// Where the end of the last ping stands in all that the WebSocket is sent.
    var pingEnd = 0
    /// What of the loop's buffered bytes is this session's.
    var countedBytes = 0
    private var timer: (deadline: ContinuousClock.Instant, timer: EngineTimer)?

    init(
        id: String,
        handshake: HandshakeRequest,
        transport: EngineTransport,
        version: EngineProtocolVersion,
        base64: Bool,
        server: EngineServer,
        on loop: NIOEngineLoop
    ) {
        self.id = id
        self.handshake = handshake
        self.protocolVersion = version
        format = PollingFormat(handshake, version: version, base64: base64, configuration: server.configuration)
        self.server = server
        currentTransport = transport
        nioLoop = loop
        machine = SessionMachine(
            transport: transport,
            version: version,
            configuration: server.configuration,
            at: loop.now
        )
    }

    var loop: any EngineLoop { nioLoop }

    var transport: EngineTransport {
        get {
            nioLoop.preconditionInLoop()
            return currentTransport
        }
        set {
            nioLoop.preconditionInLoop()
            currentTransport = newValue
        }
    }

    /// Greets a client that came by polling.
    func start(answering exchange: HTTPExchange) {
        respond(openPackets(.polling), to: exchange, opening: id)
        begin()
    }

    /// Greets a client that came by WebSocket.
    func start(on webSocket: WebSocketHandler) {
        self.webSocket = webSocket
        for packet in openPackets(.webSocket) { send(packet) }
        begin()
    }

    private func openPackets(_ transport: EngineTransport) -> [EncodedMessage] {
        let open = server.openPacket.encoded(sid: id, transport: transport)
        return server.configuration.initialPacket.map { [open, $0] } ?? [open]
    }

    private func begin() {
        nioLoop.counters.opened(on: transport)
        setTimer()
        handler = server.application.receiveConnection(self)
        if let earlyEnd { tellClosed(earlyEnd) }
    }

    // MARK: Sending

    func send(_ message: EncodedMessage) {
        nioLoop.preconditionInLoop()
        // What waited before: a single message may be as large as it likes.
        let isFull = bufferedBytes > server.configuration.maxBufferedBytes
        switch machine.send(message) {
        case .write:
            webSocket?.write(message, version: protocolVersion)
            nioLoop.counters.webSocket.sent(bytes: message.frame.readableBytes)
        case .keep: break
        case .drop: return
        }
        guard !isFull, bufferedPackets <= server.configuration.maxBufferedPackets else {
            return overflow([
                "maxBytes": "\(server.configuration.maxBufferedBytes)",
                "maxPackets": "\(server.configuration.maxBufferedPackets)",
            ])
        }
        flushLater()
    }

    /// Has what is queued written at the end of this turn of the loop.
    func flushLater() {
        guard !isFlushDue else { return }
        isFlushDue = true
        nioLoop.flushLater(self)
    }

    /// Lets go what this turn of the loop has produced.
    func flush() {
        isFlushDue = false
        if let webSocket { webSocket.flush() } else { answerPoll() }
        recount()
    }

    private func answerPoll() {
        let wasFull = machine.buffer.bytes > EngineConfiguration.highWaterMark
        guard let packets = machine.takePollResponse(), let exchange = poll else { return }
        poll = nil
        respond(packets, to: exchange)
        if wasFull { handler?.connectionBecameWritable() }
    }

    func respond(_ packets: [EncodedMessage], to exchange: HTTPExchange, opening sid: String? = nil) {
        let payload = format.encode(packets)
        nioLoop.counters.polling.sent(packets: packets.count, bytes: payload.body.readableBytes)
        exchange.respond(
            poll: payload.body,
            isBinary: payload.isBinary,
            compressor: packets.contains(where: \.isCompressible) ? nioLoop.pollCompressor : nil,
            opening: sid
        )
    }

    // MARK: Long-polling

    func receivePoll(_ exchange: HTTPExchange) {
        catchUp()
        switch machine.receivePoll() {
        case .respond(let packets):
            respond(packets, to: exchange)
            recount()
            handler?.connectionBecameWritable()
        case .wait:
            poll = exchange
            handler?.connectionBecameWritable()
        case .overlap:
            let waiting = poll
            poll = nil
            if let waiting { respond([.close], to: waiting) }
            exchange.respond(status: 400)
            finish(.transportError)
        case .mismatch: exchange.refuse(.transportMismatch(.polling, previous: transport))
        case .unknown: exchange.refuse(.sessionUnknown(id))
        case .farewell(let packets):
            respond(packets, to: exchange)
            forget()
        }
    }

    /// The head of a POST arrived.
    func receivePostHead(_ exchange: HTTPExchange) {
        catchUp()
        switch machine.receivePostHead() {
        case .read: break
        case .overlap:
            exchange.respond(status: 400)
            closeTransport()
            finish(.transportError)
        case .mismatch: exchange.refuse(.transportMismatch(.polling, previous: transport))
        case .unknown: exchange.refuse(.sessionUnknown(id))
        }
    }

    /// The body of a POST whose head was accepted arrived.
    func receivePost(_ body: ByteBuffer, isBinary: Bool, _ exchange: HTTPExchange) {
        guard !exchange.isAnswered else { return }
        switch machine.postEnded() {
        case .read: break
        case .unknown: return exchange.refuse(.sessionUnknown(id))
        }
        // Protocol 4 has no binary payload; in text form the body must be text.
        guard isBinary ? protocolVersion == .v3 : body.isValidUTF8 else {
            exchange.respond(status: 400)
            closeTransport()
            return endBroken(isBinary ? .transportError : .parseError)
        }
        nioLoop.counters.polling.received(packets: 0, bytes: body.readableBytes)
        guard let payload = isBinary ? body : format.payload(of: body) else { return exchange.respondOK() }
        switch protocolVersion {
        case .v4:
            var decoder = PayloadV4.Decoder(payload)
            receivePackets(exchange) { () throws(EnginePayloadError) in try decoder.next() }
        case .v3:
            var decoder = PayloadV3.Decoder(payload, isBinary: isBinary)
            receivePackets(exchange) { () throws(EnginePayloadError) in try decoder.next() }
        }
    }

    /// The body of a POST is larger than allowed.
    ///
    /// The session ends: the official client gives it up when it sees the refusal, and would be missed only by its
    /// heartbeat.
    func postTooLarge(_ size: Int, _ exchange: HTTPExchange) {
        guard !exchange.isAnswered else { return }
        exchange.respond(status: 413)
        logTooLarge(size)
        let waiting = poll
        poll = nil
        endBroken(.payloadTooLarge)
        guard let waiting else { return }
        // A client whose poll ended first would poll again, and take the answer to that for the reason.
        _ = nioLoop.schedule(at: nioLoop.now + server.configuration.closeTimeout) { [self] in
            respond([.noop], to: waiting)
        }
    }

    /// Notes a message that is too large, of so many bytes or more.
    func logTooLarge(_ size: Int) {
        server.logger.info(
            "Closing a connection that sent too large a payload",
            metadata: ["sid": "\(id)", "size": "\(size)", "limit": "\(server.configuration.maxPayload)"]
        )
    }

    private func receivePackets(_ exchange: HTTPExchange, next: () throws(EnginePayloadError) -> EnginePacket?) {
        while true {
            let packet: EnginePacket?
            do {
                packet = try next()
            } catch {
                exchange.respond(status: 400)
                return endBroken(.parseError)
            }
            guard let packet else { break }
            nioLoop.counters.polling.received(bytes: 0)
            receive(packet)
        }
        exchange.respondOK()
    }

    /// The client dropped a request of the session before it was answered.
    func requestAborted(_ exchange: HTTPExchange) {
        if poll === exchange { poll = nil }
        endBroken(.transportError)
    }

    func receive(_ packet: EnginePacket) {
        switch machine.receive(packet, at: nioLoop.now, hasTakenPing: hasTakenPing) {
        // By far the most; it moves no deadline.
        case .deliver(let message): return handler?.receive(message) ?? ()
        case .send(let packet): send(packet)
        case .ignore: break
        case .end(let reason):
            closeTransport()
            finish(reason)
        }
        setTimer()
    }

    // MARK: Time and end

    /// Has the timer fire at the machine's deadline or before it; called whenever that may have moved.
    ///
    /// A timer whose deadline moves on, as it does with most heartbeats, is not touched but set anew when it fires.
    func setTimer() {
        guard let deadline = machine.deadline else {
            timer?.timer.cancel()
            timer = nil
            return
        }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.timer.cancel()
        }
        timer = (deadline, nioLoop.schedule(at: deadline) { self.timerFired() })
    }

    private func timerFired() {
        timer = nil
        doWhatIsDue()
    }

    /// Does what is due before a request is judged: on a busy loop the timer comes after the request.
    private func catchUp() {
        guard let deadline = machine.deadline, deadline <= nioLoop.now else { return }
        doWhatIsDue()
    }

    private func doWhatIsDue() {
        switch machine.timeout(at: nioLoop.now) {
        case .wait: break
        case .ping: ping()
        case .look: lookAtDelivery()
        case .end:
            closeTransport()
            finish(.pingTimeout)
        case .forget: forget()
        }
        setTimer()
    }

    func close(_ reason: EngineCloseReason) {
        nioLoop.preconditionInLoop()
        switch machine.close(at: nioLoop.now) {
        case .respond(let packets):
            if let exchange = poll { respond(packets, to: exchange) }
            poll = nil
            finish(reason)
        case .linger:
            setTimer()
            tellClosed(reason)
        case .closeWebSocket:
            webSocket?.close()
            finish(reason)
        case .ignore: break
        }
    }

    func endBroken(_ reason: EngineCloseReason) {
        guard machine.end() else { return }
        closeTransport()
        finish(reason)
    }

    /// Ends what the client holds open: a waiting poll is answered with a noop, a WebSocket is closed.
    func closeTransport() {
        if let exchange = poll {
            poll = nil
            respond([.noop], to: exchange)
        }
        webSocket?.close()
    }

    func finish(_ reason: EngineCloseReason) {
        forget()
        tellClosed(reason)
    }

    private func forget() {
        timer?.timer.cancel()
        timer = nil
        webSocket = nil
        recount()
        server.remove(self)
    }

    private func tellClosed(_ reason: EngineCloseReason) {
        guard let handler else {
            // The application closed the connection while it was given it.
            earlyEnd = reason
            return
        }
        self.handler = nil
        nioLoop.counters.closed(on: transport, reason)
        handler.connectionClosed(reason)
    }
}
