import EngineIO
import NIOCore

/// A WebSocket after its handshake, on its session's loop: frames in, packets out.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What stands behind the WebSocket.
    private enum Owner {
        case session(EngineSession)
        case probe(WebSocketProbe)
        case echo
    }

    private let loop: NIOEngineLoop
    private var owner: Owner
    // Nothing that is called while it is accessed comes back to it.
    @exclusivity(unchecked) private var decoder: WebSocketDecoder
    private let compression: WebSocketCompression?
    /// What is written at the next ``flush()``.
    @exclusivity(unchecked) private var frames = FrameQueue()
    /// A pong for a client that takes nothing at the moment; one is enough (RFC 6455, section 5.5.3).
    private var latePong: ByteBuffer?
    /// What the channel has not written; counted when it stops taking more, forgotten when it takes more again.
    private var unsent = (packets: 0, bytes: 0)
    private var isChannelWritable = true
    /// The bytes of all frames that the channel was given.
    private var written = 0
    private var isFlushing = false
    private var context: ChannelHandlerContext?
    /// Where the channel is passed by; `nil` where it must not be, and when it is closed.
    private var socket: DirectSocket?
    /// How many writes the channel was given because the socket did not take all, and has not done.
    private var unfinished = 0
    private var closing: WebSocketClosing?
    private var closingTimer: EngineTimer?

    private var isClosing: Bool { closing != nil }

    /// Makes the handler of a WebSocket on its session's loop, which does nothing before ``begin()``.
    /// - Parameters:
    ///   - upgrade: What the WebSocket is to be.
    ///   - socket: That of the channel, if nothing changes what is written to it.
    init(_ upgrade: WebSocketUpgrade, _ socket: DirectSocket?) {
        self.socket = socket
        loop = upgrade.role.loop
        compression = upgrade.compression.map { WebSocketCompression($0, on: upgrade.role.loop) }
        decoder = WebSocketDecoder(maxMessageSize: upgrade.maxMessageSize, allowsCompression: compression != nil)
        frames.append(upgrade.response)
        switch upgrade.role {
        case .transport(let session): owner = .session(session)
        case .probe(let session):
            owner = .session(session)
            owner = .probe(WebSocketProbe(session, self))
        case .echo: owner = .echo
        }
    }

    /// Ends the opening handshake and tells the session.
    func begin() {
        switch owner {
        // The end of the handshake leaves together with the open packet.
        case .session(let session): session.start(on: self)
        case .probe(let probe):
            flush()
            probe.begin()
        case .echo: flush()
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        closingTimer?.cancel()
        self.context = nil
        socket = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        loop.readBegan()
        decoder.receive(unwrapInboundIn(data), spare: &loop.spareInput)
        while !isClosing, receive(decoder.next()) {}
        if isClosing { discardMessages() }
        decoder.finish(spare: &loop.spareInput)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readEnded()
        context.fireChannelReadComplete()
    }

    private func readEnded() {
        if case .session(let session) = owner { loop.readEnded(by: session) } else { loop.readEnded(by: nil) }
    }

    /// Looks for the peer's close frame in what comes after ours.
    private func discardMessages() {
        while true {
            switch decoder.next() {
            case .text, .binary, .compressed, .pong: continue
            case .close:
                if closing?.peerClosed() == true { context?.close(promise: nil) }
                return
            case .fail, .tooLarge, .incomplete: return
            }
        }
    }

    /// - Returns: Whether there may be more.
    private func receive(_ answer: WebSocketDecoder.OnBytes) -> Bool {
        switch answer {
        case .text(let text): receiveText(text)
        case .binary(let bytes): receiveBinary(bytes)
        case .compressed(let message, let isBinary): receiveCompressed(message, isBinary: isBinary)
        case .pong(let data): answerPing(data)
        case .close(let code): end(EngineCloseReason(closedWith: code), code, .peer)
        case .fail(let code): end(.transportError, code)
        case .tooLarge(let size): failTooLarge(size)
        case .incomplete: return false
        }
        return true
    }

    private func receiveText(_ text: ByteBuffer) {
        switch owner {
        case .session(let session): session.receiveText(text)
        case .probe(let probe): probe.receive(text)
        case .echo: echo(.bare(isBinary: false, text))
        }
    }

    private func receiveBinary(_ bytes: ByteBuffer) {
        switch owner {
        case .session(let session): session.receiveBinary(bytes)
        case .probe(let probe): probe.refuse()
        case .echo: echo(.bare(isBinary: true, bytes))
        }
    }

    private func receiveCompressed(_ message: ByteBuffer, isBinary: Bool) {
        guard let compression else { return }
        do {
            let message = try compression.decompress(message, limit: decoder.maxMessageSize)
            if isBinary {
                receiveBinary(message)
            } else if message.isValidUTF8 {
                receiveText(message)
            } else {
                end(.transportError, .invalidPayload)
            }
        } catch {
            switch error {
            case .tooLarge: failTooLarge(decoder.maxMessageSize + 1)
            case .corrupt: end(.transportError, .invalidPayload)
            }
        }
    }

    private func answerPing(_ data: ByteBuffer) {
        let pong = ByteBuffer.webSocketFrame(opcode: 0xa, data)
        guard isChannelWritable else {
            latePong = pong
            return
        }
        frames.append(pong)
        if case .session(let session) = owner { session.flushLater() } else { flush() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Its number may be another connection's by now.
        socket = nil
        // A channel that is closed while it reads does not say that it has read all.
        readEnded()
        ended(.transportClose)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: context.close(promise: nil)
        case is ChannelShouldQuiesceEvent:
            close()
            // The server waits for its connections, and not as long as it would for one client.
            if closing?.isSent == false { limitClosing(to: WebSocketClosing.timeoutOfServer) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended(.transportError)
        context.close(promise: nil)
    }

    private func failTooLarge(_ size: Int) {
        if case .session(let session) = owner { session.logTooLarge(size) }
        end(.payloadTooLarge, .tooBig)
    }

    /// Closes with a code, and tells the owner why.
    private func end(
        _ reason: EngineCloseReason,
        _ code: WebSocketCloseCode?,
        _ begin: WebSocketClosing.Begin = .violation
    ) {
        let isFirst = beginClosing(begin)
        // Before the channel is inactive, which it may be at once; the owner can't close any more, without a code.
        ended(reason)
        if isFirst { finishClosing(code) }
    }

    private func ended(_ reason: EngineCloseReason) {
        switch owner {
        case .session(let session): session.webSocketClosed(reason)
        case .probe(let probe): probe.giveUp()
        case .echo: break
        }
    }

    private func echo(_ message: EncodedMessage) {
        write(message, version: .v4)
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        if isChannelWritable, !isFlushing {
            unsent = (0, 0)
            if let latePong { frames.append(latePong) }
            latePong = nil
            flush()
            if case .session(let session) = owner { session.webSocketDrained() }
        } else if !isChannelWritable, case .session(let session) = owner {
            session.webSocketFilled()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: For the session

    /// The session moved here.
    func probeSucceeded(_ session: EngineSession) {
        owner = .session(session)
    }

    /// Whether the channel takes more and no flood waits for the end of the turn.
    var isWritable: Bool { isChannelWritable && frames.bytes <= EngineConfiguration.highWaterMark }

    var bufferedBytes: Int { frames.bytes + unsent.bytes }

    var bufferedPackets: Int { frames.count + unsent.packets }

    /// The bytes of all frames that the client's system has taken.
    var taken: Int { written - unwritten }

    /// Whether there is something that it has not taken.
    var isWaiting: Bool { frames.count > 0 || unwritten > 0 }

    /// Where the end of all that was sent stands, counted as ``taken`` is.
    var position: Int { written + frames.bytes }

    /// Whether the client's system has taken all up to a position.
    ///
    /// What encryption adds to bytes that wait is not known, but it is not four times as much.
    func hasTaken(upTo position: Int) -> Bool {
        written >= position && unwritten <= 4 * (written - position)
    }

    /// What the channel has not written, as it stands now.
    private var unwritten: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Queues a packet until ``flush()``.
    func write(_ packet: EncodedMessage, version: EngineProtocolVersion) {
        if let compression {
            frames.append(compression.frame(version == .v3 ? packet.inV3 : packet))
        } else {
            frames.append(version == .v3 ? packet.inV3.frame : packet.frame)
        }
    }

    /// Writes what is queued, unless the channel has enough; then it is written when that has changed.
    func flush() {
        if isChannelWritable { writeQueued() }
    }

    private func writeQueued() {
        guard let context, !isClosing, frames.count > 0 else { return }
        let (packets, wasFull) = (frames.count, frames.bytes > EngineConfiguration.highWaterMark)
        isFlushing = true
        written += frames.bytes
        if let frame = frames.takeOnly() {
            write(frame, context)
        } else {
            frames.takeAll(joinedIn: &loop.output) { write($0, context) }
        }
        if socket == nil || unfinished > 0 { context.flush() }
        isFlushing = false
        if !isChannelWritable {
            unsent = (unsent.packets + packets, unwritten)
        } else if wasFull, case .session(let session) = owner {
            session.webSocketDrained()
        }
    }

    /// Writes what the socket takes, and leaves the rest to the channel.
    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let socket else { return context.write(wrapOutboundOut(bytes), promise: nil) }
        var rest = bytes
        if unfinished == 0 {
            rest.moveReaderIndex(forwardBy: socket.write(bytes))
            guard rest.readableBytes > 0 else { return }
        }
        unfinished += 1
        context.write(wrapOutboundOut(rest)).assumeIsolated().whenComplete { _ in self.unfinished -= 1 }
    }

    /// Closes the connection without a word and forgets what is queued, for a peer that takes nothing.
    func abort() {
        closing = WebSocketClosing(.peer)
        frames = FrameQueue()
        context?.close(promise: nil)
    }

    /// Writes what is queued and a close frame, and closes the connection when the peer has closed too.
    ///
    /// A peer that takes nothing more is left after ``/EngineIO/EngineConfiguration/closeTimeout``, one that takes the
    /// close frame and does not answer after ``WebSocketClosing/timeout``.
    func close() {
        if beginClosing(.server) { finishClosing(nil) }
    }

    /// Writes what is queued.
    /// - Returns: Whether the connection was not closing.
    private func beginClosing(_ begin: WebSocketClosing.Begin) -> Bool {
        guard !isClosing else { return false }
        writeQueued()
        closing = WebSocketClosing(begin)
        return true
    }

    private func finishClosing(_ code: WebSocketCloseCode?) {
        guard let context else { return }
        var reason = ByteBuffer()
        if let code { reason.writeInteger(code.rawValue) }
        context.writeAndFlush(wrapOutboundOut(.webSocketFrame(opcode: 0x8, reason)))
            .assumeIsolated().whenComplete { self.closeFrameLeft($0) }
        if closing?.isSent == false {
            var timeout = Duration.seconds(30)
            if case .session(let session) = owner { timeout = session.server.configuration.closeTimeout }
            limitClosing(to: timeout)
        }
    }

    private func closeFrameLeft(_ result: Result<Void, any Error>) {
        let answer = closing?.frameLeft() ?? .close
        guard case .success = result, answer != .close else {
            context?.close(promise: nil)
            return
        }
        limitClosing(to: WebSocketClosing.timeout)
        if answer == .closeOutput { context?.close(mode: .output, promise: nil) }
    }

    private func limitClosing(to timeout: Duration) {
        guard let channel = context?.channel else { return }
        closingTimer?.cancel()
        closingTimer = loop.schedule(at: loop.now + timeout) { channel.close(promise: nil) }
    }
}

extension ByteBuffer {
    /// A final, unmasked frame with up to 125 bytes, as control frames have.
    fileprivate static func webSocketFrame(opcode: UInt8, _ data: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x80 | opcode)
        frame.writeInteger(UInt8(truncatingIfNeeded: data.readableBytes))
        frame.writeImmutableBuffer(data)
        return frame
    }
}
