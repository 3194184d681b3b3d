import NIOCore

/// Takes the order to quiesce past NIO's handler for pipelining.
///
/// That one would keep it to itself and wait, however long it takes, for the end of a request that has begun.
final class QuiescingRelay: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// What `ChannelShouldQuiesceEvent` becomes.
    struct Quiesce {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let event = event is ChannelShouldQuiesceEvent ? Quiesce() : event
        context.fireUserInboundEventTriggered(event)
    }
}
