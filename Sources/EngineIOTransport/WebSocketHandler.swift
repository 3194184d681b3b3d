import EngineIO
import NIOCore
import NIOWebSocket

/// A WebSocket after its handshake, on its session's loop: frames in, packets out.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = ByteBuffer

    private let session: EngineSession
    private let response: ByteBuffer
    private let maxMessageSize: Int
    private var probe: WebSocketProbe?
    private var assembler: WebSocketAssembler
    private var frames: [ByteBuffer] = []
    private var context: ChannelHandlerContext?
    private var isClosing = false

    /// Makes the handler of a WebSocket on its session's loop, which does nothing before ``begin()``.
    init(_ upgrade: WebSocketUpgrade) {
        session = upgrade.role.session
        response = upgrade.response
        maxMessageSize = upgrade.maxMessageSize
        assembler = WebSocketAssembler(maxMessageSize: upgrade.maxMessageSize)
        if case .probe(let session) = upgrade.role { probe = WebSocketProbe(session, self) }
    }

    /// The handlers that a WebSocket's pipeline consists of.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, after http: EngineHTTPHandler?) throws {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maxMessageSize))
        try pipeline.addHandlers([decoder, self], position: http.map { .after($0) } ?? .last)
    }

    /// Ends the opening handshake and tells the session.
    func begin() {
        context?.writeAndFlush(wrapOutboundOut(response), promise: nil)
        if let probe {
            probe.begin()
        } else {
            session.start(on: self)
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
            if let probe { probe.receive(text) } else { session.receiveText(text) }
        case .binary(let bytes):
            if let probe { probe.refuse() } else { session.receiveBinary(bytes) }
        case .pong(let data):
            guard !isClosing else { return }
            context.writeAndFlush(wrapOutboundOut(.webSocketFrame(opcode: 0xa, data)), promise: nil)
        case .close(let code):
            ended(isClean: true)
            close(code)
        case .fail(let code): fail(code)
        case .none: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        session.nioLoop.flush()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(isClean: true)
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
        case NIOWebSocketError.invalidFrameLength: fail(.tooBig)
        case is NIOWebSocketError: fail(.protocolError)
        default:
            ended(isClean: false)
            context.close(promise: nil)
        }
    }

    private func fail(_ code: WebSocketCloseCode) {
        ended(isClean: false)
        close(code)
    }

    private func ended(isClean: Bool) {
        if let probe { probe.giveUp() } else { session.webSocketClosed(isClean: isClean) }
    }

    // MARK: For the session

    /// The session moved here.
    func probeSucceeded() {
        probe = nil
    }

    /// Queues a packet until ``flush()``.
    func write(_ packet: EncodedMessage, version: EngineProtocolVersion) {
        frames.append(version == .v3 && packet.isBinary ? packet.frameV3 : packet.frame)
    }

    /// Writes what is queued.
    func flush() {
        guard let context, !isClosing, !frames.isEmpty else { return }
        for frame in frames { context.write(wrapOutboundOut(frame), promise: nil) }
        frames.removeAll(keepingCapacity: true)
        context.flush()
    }

    /// Writes what is queued and a close frame, and closes the connection behind it.
    func close(_ code: WebSocketCloseCode? = nil) {
        flush()
        guard let context, !isClosing else { return }
        isClosing = true
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
