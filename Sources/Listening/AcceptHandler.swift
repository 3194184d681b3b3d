package import Logging
package import NIOCore

/// Stands first on a listening channel, and keeps the descriptors of ``DescriptorReserve`` free.
///
/// Connections beyond are accepted and closed, a handful at a time with pauses between, so that whoever knocks learns of
/// it and nothing spins. Once clients have left, newcomers are served again. One line a minute says so in the log.
package final class AcceptHandler: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias InboundOut = any Channel
    package typealias OutboundIn = Never

    private let reserve: @Sendable () -> DescriptorReserve
    private var remembered = RememberedReserve()
    private let logger: Logger
    private let onRefusal: @Sendable () -> Void
    private var machine = AcceptMachine()
    private var timer: Scheduled<Void>?

    /// Makes a handler for one listener.
    /// - Parameters:
    ///   - reserve: What is kept free; that of the process unless given.
    ///   - logger: Where it is said that connections are refused.
    ///   - onRefusal: Called for each that is, on the listener's loop.
    package init(
        reserve: @escaping @Sendable () -> DescriptorReserve = { .current },
        logger: Logger,
        onRefusal: @escaping @Sendable () -> Void = {}
    ) {
        self.reserve = reserve
        self.logger = logger
        self.onRefusal = onRefusal
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = ContinuousClock.now
        let reserve = remembered.current(at: now, ask: reserve)
        let isSpare = unwrapInboundIn(data).socketDescriptor.map(reserve.admits) ?? reserve.isSpare
        switch machine.accepted(isSpare: isSpare, at: now) {
        case .serve: context.fireChannelRead(data)
        case .refuse(let notice):
            unwrapInboundIn(data).close(promise: nil)
            onRefusal()
            tell(notice)
        }
    }

    /// The system has no descriptor for a connection that waits.
    ///
    /// SwiftNIO would ask again at once and for ever: it stays registered for what it could not read.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        tell(machine.failed(at: .now))
        context.channel.setOption(.autoRead, value: false).assumeIsolated().whenSuccess { self.resumeLater(context) }
    }

    package func read(context: ChannelHandlerContext) {
        guard machine.pause(at: .now) == nil else { return resumeLater(context) }
        context.read()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    private func resumeLater(_ context: ChannelHandlerContext) {
        guard timer == nil, let resumption = machine.pause(at: .now) else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(resumption - .now)) { [self] in
            timer = nil
            guard machine.pause(at: .now) == nil else { return resumeLater(context) }
            // Where it was switched off, that reads; elsewhere, it changes nothing.
            context.channel.setOption(.autoRead, value: true).assumeIsolated().whenSuccess { context.read() }
        }
    }

    private func tell(_ count: Int?) {
        guard let count else { return }
        logger.warning(
            "Refused connections: the process has too few descriptors left; raise its limit (RLIMIT_NOFILE)",
            metadata: ["connections": "\(count)", "limit": "\(reserve().limit)", "kept": "\(reserve().count)"]
        )
    }
}
