import Listening
import Locking
import NIOCore
import NIOPosix

/// A TCP connection between a relay and a peer, from before it is open until it is closed.
///
/// It begins on any loop and goes on on that of the client's connection that it is joined with: its socket is duplicated
/// then, and a channel there takes the copy over.
final class PeerConnection: Sendable {
    private struct State {
        var channel: (any Channel)?
        var isAbandoned = false
        /// Whether the channel is closed because its socket goes on in another.
        var isMoving = false
        var hasEnded = false
        var onClose: (@Sendable () -> Void)?
    }

    /// The relay's thread.
    let thread: any RelayInbox
    /// What may pass; `nil` for any amount.
    private let budgets: TransferBudgets?
    private let state = Mutex(State())

    /// Makes a connection that is not open yet.
    init(thread: any RelayInbox, budgets: TransferBudgets?) {
        self.thread = thread
        self.budgets = budgets
    }

    /// Makes a connection that a peer has opened; on the channel's loop.
    convenience init(_ channel: any Channel, thread: any RelayInbox, budgets: TransferBudgets?) throws {
        self.init(thread: thread, budgets: budgets)
        try carry(channel)
    }

    /// Adds the handler that keeps what comes early; on the channel's loop.
    func carry(_ channel: any Channel) throws {
        try carry(channel, SpliceHandler())
    }

    private func carry(_ channel: any Channel, _ handler: SpliceHandler) throws {
        try channel.pipeline.syncOperations.addHandler(handler)
        let isAbandoned = state.withLock { state in
            state.channel = channel
            state.isMoving = false
            return state.isAbandoned
        }
        if isAbandoned { throw ChannelError.ioOnClosedChannel }
        channel.closeFuture.whenComplete { _ in self.closed() }
    }

    private func closed() {
        let notify = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isMoving else { return nil }
            state.hasEnded = true
            defer { state.onClose = nil }
            return state.onClose
        }
        notify?()
    }

    /// Calls `notify` once when the connection has ended, or at once if it has.
    func onClose(_ notify: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.onClose = notify }
            return state.hasEnded
        }
        if hasEnded { notify() }
    }

    /// Closes the connection, and the client's that it is joined with.
    func abandon() {
        let channel = state.withLock { state in
            state.isAbandoned = true
            return state.channel
        }
        channel?.close(promise: nil)
    }

    /// Closes the connection and waits for that.
    func close() async {
        abandon()
        guard let channel = state.withLock({ $0.channel }) else { return }
        try? await channel.closeFuture.get()
    }

    // MARK: Joining

    /// Goes on over a client's connection; called on that connection's loop.
    func join(_ client: StreamConnectionHandler, on eventLoop: any EventLoop) {
        guard let peer = state.withLock({ $0.isAbandoned || $0.hasEnded ? nil : $0.channel }),
            let left = client.splice()
        else {
            abandon()
            return client.closeAfterFlush()
        }
        if peer.eventLoop === eventLoop {
            guard let right = try? peer.pipeline.syncOperations.handler(type: SpliceHandler.self) else {
                return left.finish()
            }
            return SpliceHandler.join(left, right, budgets)
        }
        let bound = NIOLoopBound(left, eventLoop: eventLoop)
        peer.eventLoop.execute { self.move(peer, to: eventLoop, bound) }
    }

    /// Moves the socket to the client's loop; called on the loop that it is on.
    private func move(_ channel: any Channel, to eventLoop: any EventLoop, _ client: NIOLoopBound<SpliceHandler>) {
        let pipeline = channel.pipeline.syncOperations
        guard let handler = try? pipeline.handler(type: SpliceHandler.self),
            let original = channel.socketDescriptor,
            let copy = DescriptorReserve.current.duplicate(original)
        else {
            channel.close(promise: nil)
            return eventLoop.execute { client.value.finish() }
        }
        state.withLock { $0.isMoving = true }
        let (early, inputEnded) = handler.giveUp()
        // Closing the original ends nothing: the connection lives as long as the copy.
        channel.close(promise: nil)
        ClientBootstrap(group: eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.carry(channel, SpliceHandler(early: early, inputEnded: inputEnded))
                }
            }
            .withConnectedSocket(copy)
            .whenComplete { self.moved($0, eventLoop, client) }
    }

    private func moved(
        _ result: Result<any Channel, any Error>,
        _ eventLoop: any EventLoop,
        _ client: NIOLoopBound<SpliceHandler>
    ) {
        guard case .success(let channel) = result,
            let handler = try? channel.pipeline.syncOperations.handler(type: SpliceHandler.self)
        else {
            state.withLock { $0.isMoving = false }
            closed()
            return client.value.finish()
        }
        SpliceHandler.join(client.value, handler, budgets)
    }
}
