import NIOCore
import STUN
import TURN

import struct Synchronization.Atomic

/// A client's TCP or TLS connection, seen from its relay thread.
///
/// Counts what is on its way in both directions, so that neither side can make the server store more than the limits.
final class StreamConnection: StreamClient {
    let transport: ClientTransport
    let remoteAddress: TransportAddress
    let localAddress: TransportAddress

    /// The thread that has the client's allocation.
    let thread: any RelayInbox
    let eventLoop: any EventLoop
    private let handler: NIOLoopBound<StreamConnectionHandler>
    private let limits: StreamLimits
    /// Bytes that were sent and have not left.
    private let pending = Atomic(0)
    /// Bytes of messages that the thread has not handled.
    private let unhandled = Atomic(0)
    /// Whether the loop waits for ``unhandled`` to fall.
    private let isAwaited = Atomic(false)
    private let isOverrun = Atomic(false)

    /// Makes a connection; on its loop.
    init(
        _ handler: StreamConnectionHandler,
        transport: ClientTransport,
        remoteAddress: TransportAddress,
        localAddress: TransportAddress,
        thread: any RelayInbox,
        eventLoop: any EventLoop,
        limits: StreamLimits
    ) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.transport = transport
        self.remoteAddress = remoteAddress
        self.localAddress = localAddress
        self.thread = thread
        self.eventLoop = eventLoop
        self.limits = limits
    }

    // MARK: For the relay thread

    func isCongested(besides waiting: Int) -> Bool {
        pending.load(ordering: .relaxed) + waiting >= limits.pendingBytes
    }

    /// Twice the bytes that peers may let wait end the connection: a client that goes on asking has to take the answers.
    func send(_ messages: ByteBuffer) {
        let count = messages.readableBytes
        let waiting = pending.wrappingAdd(count, ordering: .relaxed).newValue
        guard waiting <= 2 * limits.pendingBytes else {
            if !isOverrun.exchange(true, ordering: .relaxed) {
                eventLoop.execute { self.handler.value.overrun() }
            }
            return
        }
        eventLoop.execute { self.handler.value.send(messages) }
    }

    func consumed(_ count: Int) {
        let left = unhandled.wrappingSubtract(count, ordering: .sequentiallyConsistent).newValue
        guard left <= limits.unhandledBytes / 2, isAwaited.load(ordering: .sequentiallyConsistent) else { return }
        eventLoop.execute { self.handler.value.consumed() }
    }

    func authenticated() {
        eventLoop.execute { self.handler.value.authenticated() }
    }

    func allocationBegan() {
        eventLoop.execute { self.handler.value.allocationBegan() }
    }

    func notJoined() {
        eventLoop.execute { self.handler.value.notJoined() }
    }

    func allocationEnded() {
        eventLoop.execute { self.handler.value.allocationEnded() }
    }

    func close() {
        eventLoop.execute { self.handler.value.closeAfterFlush() }
    }

    /// Has the connection carry a peer's from here on, after what was sent before; any thread.
    func join(_ body: @escaping @Sendable (StreamConnectionHandler) -> Void) {
        eventLoop.execute { body(self.handler.value) }
    }

    // MARK: For the loop

    /// How many bytes have not left.
    var pendingBytes: Int {
        pending.load(ordering: .relaxed)
    }

    /// So many of the bytes that were sent have left, or never will.
    func sent(_ count: Int) {
        pending.wrappingSubtract(count, ordering: .relaxed)
    }

    /// Hands whole messages to the relay thread.
    func post(_ messages: ByteBuffer) {
        unhandled.wrappingAdd(messages.readableBytes, ordering: .sequentiallyConsistent)
        thread.post(.received(self, messages))
    }

    /// Whether at most `count` bytes wait for the thread; if not, the handler is told when so many are left.
    ///
    /// The thread never calls between the two looks without seeing that somebody waits: both sides write first.
    func hasAtMost(_ count: Int) -> Bool {
        if unhandled.load(ordering: .sequentiallyConsistent) <= count { return true }
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        guard unhandled.load(ordering: .sequentiallyConsistent) <= count else { return false }
        isAwaited.store(false, ordering: .sequentiallyConsistent)
        return true
    }

    /// The handler was told; it has to ask again.
    func stopAwaiting() {
        isAwaited.store(false, ordering: .sequentiallyConsistent)
    }
}
