import Locking
import NIOCore

/// WebSockets that moved to another loop: their sockets are new ones, which no listener knows, so that a stop would pass
/// them by.
final class MovedWebSockets: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosing = false
    }

    private let state = Mutex(State())

    /// How many there are.
    var count: Int { state.withLock { $0.channels.count } }

    /// Remembers a WebSocket until it is closed.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isClosing = state.withLock { state in
            state.channels[id] = channel
            return state.isClosing
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.channels[id] = nil } }
        if isClosing { Self.quiesce(channel) }
    }

    /// Has all closed, and returns when they are; what is not after the grace period is cut off.
    func close(within grace: Duration) async {
        let channels = state.withLock { state in
            state.isClosing = true
            return Array(state.channels.values)
        }
        guard let eventLoop = channels.first?.eventLoop else { return }
        for channel in channels { Self.quiesce(channel) }
        let closed = eventLoop.makePromise(of: Void.self)
        EventLoopFuture.andAllComplete(channels.map(\.closeFuture), on: eventLoop).cascade(to: closed)
        // Whichever comes first counts.
        eventLoop.scheduleTask(in: TimeAmount(grace)) {
            for channel in channels { channel.close(promise: nil) }
            closed.succeed()
        }
        await withTaskCancellationHandler {
            try? await closed.futureResult.get()
        } onCancel: {
            closed.succeed()
        }
    }

    private static func quiesce(_ channel: any Channel) {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}
