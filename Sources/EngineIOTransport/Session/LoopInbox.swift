import Locking
import NIOCore

/// What a loop is to do, in the order of the calls, from whatever thread they come.
///
/// Work takes its place at the call; what may wait is waking the loop for it, see ``LoopOutbox``.
///
/// Unchecked: `running` is touched on the loop only.
final class LoopInbox: @unchecked Sendable {
    private struct State {
        var works: [@Sendable () -> Void] = []
        /// Whether the event loop has been told.
        var isAwake = false
    }

    /// The most works for which the memory is kept when they are done.
    private static let keptCapacity = 1024

    private let eventLoop: any EventLoop
    private let state = Mutex(State())
    private var running: [@Sendable () -> Void] = []

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Has `work` done behind all that was posted before.
    ///
    /// - Parameters:
    ///   - work: What is to be done.
    ///   - outbox: That of the calling loop, if it is another one.
    func post(_ work: @escaping @Sendable () -> Void, by outbox: LoopOutbox?) {
        let (mustTell, mustNote) = state.withLock { state in
            state.works.append(work)
            if state.isAwake { return (false, false) }
            if outbox != nil { return (false, true) }
            state.isAwake = true
            return (true, false)
        }
        if mustTell { tell() }
        if mustNote { outbox?.wakeLater(self) }
    }

    /// Tells the event loop that there is work, unless it knows or has done it meanwhile.
    func wake() {
        let mustTell = state.withLock { state in
            guard !state.isAwake, !state.works.isEmpty else { return false }
            state.isAwake = true
            return true
        }
        if mustTell { tell() }
    }

    private func tell() {
        eventLoop.execute { self.work() }
    }

    /// Does what was posted so far; called on the loop.
    func work() {
        state.withLock { state in
            swap(&state.works, &running)
            state.isAwake = false
        }
        for work in running { work() }
        running.removeAll(keepingCapacity: running.count <= Self.keptCapacity)
    }
}
