import EngineIO
import NIOCore

/// Takes the header of the PROXY protocol off the connections of some addresses, which have to begin with one, and has
/// every connection served once it is known where the client is.
///
/// Its specification forbids to guess whether there is a header (section 2): the address alone tells.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Adds the handlers that serve a connection at the end of its pipeline.
    ///
    /// The second argument is the client's address by the header; `nil` where the connection's own counts.
    typealias Serve = (any Channel, SocketAddress?) throws -> Void

    /// How long the header may take; a balancer sends it with the first segment.
    private static let timeout = TimeAmount.seconds(10)

    private let proxies: [AddressRange]
    private let serve: Serve
    private var received = ByteBuffer()
    private var isServed = false
    private var timer: Scheduled<Void>?

    /// Makes a handler for one connection.
    /// - Parameters:
    ///   - proxies: The addresses whose connections begin with a header.
    ///   - serve: Called once, on the connection's loop when it is active; an error closes the connection.
    init(proxies: [AddressRange], serve: @escaping Serve) {
        self.proxies = proxies
        self.serve = serve
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        // Before there is anybody to hear it: those who are added find the channel active.
        context.fireChannelActive()
        begin(context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        if let peer = context.channel.peerAddress, proxies.contains(where: { $0.unmapped.contains(peer) }) {
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.timeout) { context.close(promise: nil) }
        } else {
            finish(nil, context)
        }
    }

    private func finish(_ client: SocketAddress?, _ context: ChannelHandlerContext) {
        isServed = true
        timer?.cancel()
        do {
            try serve(context.channel, client)
        } catch {
            return context.close(promise: nil)
        }
        if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
        received = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isServed else { return context.fireChannelRead(data) }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        switch ProxyHeader.read(received) {
        case .wait: break
        case .malformed: context.close(promise: nil)
        case .header(let header, let length):
            received.moveReaderIndex(forwardBy: length)
            finish(header.client, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where !isServed, is ChannelShouldQuiesceEvent where !isServed:
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isServed { context.fireErrorCaught(error) } else { context.close(promise: nil) }
    }
}

extension ProxyHeader {
    /// Where the client is; `nil` where the connection's own address counts.
    fileprivate var client: SocketAddress? {
        guard case .proxied(let address, let port) = self else { return nil }
        return try? SocketAddress(ipAddress: address.description, port: Int(port))
    }
}
