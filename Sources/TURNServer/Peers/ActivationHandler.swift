import NIOCore

/// Says once that a connection is active.
///
/// Accepted connections are not yet when their handlers are added, and SwiftNIO forgets a read that is asked for before:
/// nobody who might ask may know them earlier.
final class ActivationHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let notify: () -> Void

    /// Makes a handler that calls `notify` on the connection's loop.
    init(_ notify: @escaping () -> Void) {
        self.notify = notify
    }

    func channelActive(context: ChannelHandlerContext) {
        notify()
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
