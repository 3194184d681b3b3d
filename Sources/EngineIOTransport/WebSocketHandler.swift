import EngineIO
import NIOCore
import NIOWebSocket

/// A WebSocket after its handshake, on its session's loop: frames in, packets out.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = ByteBuffer

    /// What stands behind the WebSocket.
    private enum Owner {
        case session(EngineSession)
        case probe(WebSocketProbe)
        case echo
    }

    private let loop: NIOEngineLoop
    private let response: ByteBuffer
    private let maxMessageSize: Int
    private var owner: Owner
    private var assembler: WebSocketAssembler
    /// What is written at the next ``flush()``, and its size.
    private var frames: [ByteBuffer] = []
    private var queuedBytes = 0
    /// What the channel has not written; counted when it stops taking more, forgotten when it takes more again.
    private var unsent = (packets: 0, bytes: 0)
    private var isChannelWritable = true
    private var isFlushing = false
    private var context: ChannelHandlerContext?
    private var isClosing = false

    /// Makes the handler of a WebSocket on its session's loop, which does nothing before ``begin()``.
    init(_ upgrade: WebSocketUpgrade) {
        loop = upgrade.role.loop
        response = upgrade.response
        maxMessageSize = upgrade.maxMessageSize
        assembler = WebSocketAssembler(maxMessageSize: upgrade.maxMessageSize)
        switch upgrade.role {
        case .transport(let session): owner = .session(session)
        case .probe(let session):
            owner = .session(session)
            owner = .probe(WebSocketProbe(session, self))
        case .echo: owner = .echo
        }
    }

    /// The handlers that a WebSocket's pipeline consists of.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, after http: EngineHTTPHandler?) throws {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxMessageSize))
        try pipeline.addHandlers([decoder, self], position: http.map { .after($0) } ?? .last)
    }

    /// Ends the opening handshake and tells the session.
    func begin() {
        context?.writeAndFlush(wrapOutboundOut(response), promise: nil)
        switch owner {
        case .session(let session): session.start(on: self)
        case .probe(let probe): probe.begin()
        case .echo: break
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        let answer = assembler.receive(
            .init(
                isFinal: frame.fin,
                hasReservedBits: frame.rsv1 || frame.rsv2 || frame.rsv3,
                isMasked: frame.maskKey != nil,
                opcode: UInt8(webSocketOpcode: frame.opcode),
                payload: frame.unmaskedData
            )
        )
        switch answer {
        case .text(let text):
            switch owner {
            case .session(let session): session.receiveText(text)
            case .probe(let probe): probe.receive(text)
            case .echo: echo(.bare(isBinary: false, text))
            }
        case .binary(let bytes):
            switch owner {
            case .session(let session): session.receiveBinary(bytes)
            case .probe(let probe): probe.refuse()
            case .echo: echo(.bare(isBinary: true, bytes))
            }
        case .pong(let data):
            guard !isClosing else { return }
            context.writeAndFlush(wrapOutboundOut(.webSocketFrame(opcode: 0xa, data)), promise: nil)
        case .close(let code): end(.transportClose, code)
        case .fail(let code): end(.transportError, code)
        case .tooLarge(let size): failTooLarge(size)
        case .none: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(.transportClose)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: context.close(promise: nil)
        case is ChannelShouldQuiesceEvent: close()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: failTooLarge(nil)
        case is NIOWebSocketError: end(.transportError, .protocolError)
        default:
            ended(.transportError)
            context.close(promise: nil)
        }
    }

    private func failTooLarge(_ size: Int?) {
        if case .session(let session) = owner { session.logTooLarge(size) }
        end(.payloadTooLarge, .tooBig)
    }

    /// Closes with a code, and only then tells the owner, which would close without one.
    private func end(_ reason: EngineCloseReason, _ code: WebSocketCloseCode?) {
        close(code)
        ended(reason)
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
            flush()
            if isWritable { becameWritable() }
        }
        context.fireChannelWritabilityChanged()
    }

    private func becameWritable() {
        if case .session(let session) = owner { session.webSocketBecameWritable() }
    }

    // MARK: For the session

    /// The session moved here.
    func probeSucceeded(_ session: EngineSession) {
        owner = .session(session)
    }

    /// Whether the channel takes more and no flood waits for the end of the turn.
    var isWritable: Bool { isChannelWritable && queuedBytes <= EngineConfiguration.highWaterMark }

    var bufferedBytes: Int { queuedBytes + unsent.bytes }

    var bufferedPackets: Int { frames.count + unsent.packets }

    /// Queues a packet until ``flush()``.
    func write(_ packet: EncodedMessage, version: EngineProtocolVersion) {
        let frame = version == .v3 && packet.isBinary ? packet.frameV3 : packet.frame
        frames.append(frame)
        queuedBytes += frame.readableBytes
    }

    /// Writes what is queued, unless the channel has enough; then it is written when that has changed.
    func flush() {
        if isChannelWritable { writeQueued() }
    }

    private func writeQueued() {
        guard let context, !isClosing, !frames.isEmpty else { return }
        let (packets, wasFull) = (frames.count, queuedBytes > EngineConfiguration.highWaterMark)
        isFlushing = true
        for frame in frames { context.write(wrapOutboundOut(frame), promise: nil) }
        frames.removeAll(keepingCapacity: true)
        queuedBytes = 0
        context.flush()
        isFlushing = false
        if !isChannelWritable {
            let bytes = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
            unsent = (unsent.packets + packets, bytes ?? 0)
        } else if wasFull {
            becameWritable()
        }
    }

    /// Closes the connection without a word and forgets what is queued, for a peer that takes nothing.
    func abort() {
        isClosing = true
        frames = []
        queuedBytes = 0
        context?.close(promise: nil)
    }

    /// Writes what is queued and a close frame, and closes the connection behind it.
    ///
    /// A peer that takes nothing more is left after ``/EngineIO/EngineConfiguration/closeTimeout``.
    func close(_ code: WebSocketCloseCode? = nil) {
        writeQueued()
        guard let context, !isClosing else { return }
        isClosing = true
        if !isChannelWritable {
            let channel = context.channel
            var timeout = Duration.seconds(30)
            if case .session(let session) = owner { timeout = session.server.configuration.closeTimeout }
            context.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
        }
        var reason = ByteBuffer()
        if let code { reason.writeInteger(code.rawValue) }
        context.writeAndFlush(wrapOutboundOut(.webSocketFrame(opcode: 0x8, reason)))
            .assumeIsolated().whenComplete { _ in context.close(promise: nil) }
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
