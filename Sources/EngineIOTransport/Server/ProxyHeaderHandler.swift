import EngineIO
import NIOCore

/// Takes the header of the PROXY protocol off a connection, and closes connections without one.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Fired with the client's address, when the header has one.
    struct ClientAddress {
        var address: IPAddress
    }

    /// How long the header may take; a balancer sends it with the first segment.
    private static let timeout = TimeAmount.seconds(10)

    private var received = ByteBuffer()
    private var timer: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.timeout) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        switch ProxyHeader.read(received) {
        case .wait: break
        case .malformed: context.close(promise: nil)
        case .header(let header, let length):
            received.moveReaderIndex(forwardBy: length)
            if case .proxied(let address) = header {
                context.fireUserInboundEventTriggered(ClientAddress(address: address))
            }
            if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
            received = ByteBuffer()
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }
}
