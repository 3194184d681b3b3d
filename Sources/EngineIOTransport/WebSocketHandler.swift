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
    private var frames: [ByteBuffer] = []
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
        case .close(let code):
            ended(isClean: true)
            close(code)
        case .fail(let code): fail(code)
        case .none: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        loop.flush()
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
        switch owner {
        case .session(let session): session.webSocketClosed(isClean: isClean)
        case .probe(let probe): probe.giveUp()
        case .echo: break
        }
    }

    private func echo(_ message: EncodedMessage) {
        write(message, version: .v4)
        flush()
    }

    // MARK: For the session

    /// The session moved here.
    func probeSucceeded(_ session: EngineSession) {
        owner = .session(session)
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
