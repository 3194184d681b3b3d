import Logging
import NIOCore
import STUN

/// Feeds the messages of one TCP connection to the responder and writes what it answers.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let responder: BindingResponder
    private let store: CounterStore
    private let registry: ConnectionRegistry
    private let idleTimeout: TimeAmount
    private let logger: Logger
    private var idle: IdleDeadline
    private var timer: Scheduled<Void>?
    private var isClosing = false

    init(
        responder: BindingResponder,
        store: CounterStore,
        registry: ConnectionRegistry,
        idleTimeout: TimeAmount,
        logger: Logger
    ) {
        self.responder = responder
        self.store = store
        self.registry = registry
        self.idleTimeout = idleTimeout
        self.logger = logger
        idle = IdleDeadline(timeout: idleTimeout, at: .now())
    }

    func channelActive(context: ChannelHandlerContext) {
        guard registry.admit(context.channel) else {
            close(context, counting: \.connectionsRefused)
            return
        }
        store.update { $0.connectionsAccepted += 1 }
        idle = IdleDeadline(timeout: idleTimeout, at: context.eventLoop.now)
        wait(until: idle.firstTimer, context: context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        timer?.cancel()
        registry.remove(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing, let source = context.remoteAddress.flatMap({ TransportAddress($0) }) else { return }
        idle.receivedMessage(at: context.eventLoop.now)
        let message = unwrapInboundIn(data)
        let outcome = responder.receive(message.readableBytesUInt8Span, from: source)
        store.update { $0.record(outcome) }
        switch outcome {
        case .answer(let response), .refuse(let response): write(response, context: context)
        case .drop: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("error on a STUN connection", metadata: ["error": "\(error)"])
        if error is STUNFrameDecoder.Violation {
            // Requests that came before get their answers.
            context.flush()
            close(context, counting: \.connectionsInvalid)
        } else {
            isClosing = true
            context.close(promise: nil)
        }
    }

    private func write(_ response: ByteBuffer, context: ChannelHandlerContext) {
        // What a client does not read is not queued for it.
        guard context.channel.isWritable else {
            store.update { $0.undelivered += 1 }
            close(context, counting: \.connectionsCongested)
            return
        }
        context.write(wrapOutboundOut(response), promise: nil)
    }

    private func wait(until deadline: NIODeadline, context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            switch self.idle.timerFired(at: context.eventLoop.now) {
            case .close: self.close(context, counting: \.connectionsTimedOut)
            case .wait(let next): self.wait(until: next, context: context)
            }
        }
    }

    private func close(_ context: ChannelHandlerContext, counting counter: WritableKeyPath<Counters, Int>) {
        guard !isClosing else { return }
        isClosing = true
        store.update { $0[keyPath: counter] += 1 }
        context.close(promise: nil)
    }
}
