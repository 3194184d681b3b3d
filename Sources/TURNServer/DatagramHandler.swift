import Logging
import NIOCore
import STUN

/// Feeds datagrams to the responder and sends what it answers.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let responder: BindingResponder
    private let store: CounterStore
    private let logger: Logger
    /// The memory of the last response, for the next one.
    private var response = ByteBuffer()

    init(responder: BindingResponder, store: CounterStore, logger: Logger) {
        self.responder = responder
        self.store = store
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let source = TransportAddress(envelope.remoteAddress) else { return }
        var buffer = response
        response = ByteBuffer()
        buffer.clear()
        let outcome = responder.receive(envelope.data.readableBytesUInt8Span, from: source, into: buffer)
        store.update { $0.record(outcome) }
        switch outcome {
        case .answer(let payload), .refuse(let payload): send(payload, answering: envelope, context: context)
        case .drop: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The channel closes itself after an error that it cannot survive.
        logger.debug("error on a STUN socket", metadata: ["error": "\(error)"])
    }

    private func send(
        _ payload: ByteBuffer,
        answering request: AddressedEnvelope<ByteBuffer>,
        context: ChannelHandlerContext
    ) {
        let sent = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            DatagramSocket(descriptor: $0).send(
                payload,
                to: request.remoteAddress,
                from: request.metadata?.packetInfo?.destinationAddress
            )
        }
        if sent != true {
            store.update { $0.undelivered += 1 }
        }
        response = payload
    }
}
