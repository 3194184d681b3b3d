import EngineIO
import NIOCore

/// An event loop as Engine.IO sees it, and the sockets that have something to write at the end of its turn.
final class NIOEngineLoop: EngineLoop, @unchecked Sendable {
    let eventLoop: any EventLoop

    /// Compresses the responses to polls; touched on the loop only.
    let pollCompressor = PollCompressor()
    /// What happened on the loop; touched on it only.
    var counters = EngineCounters()
    private var reportedCounters = EngineCounters()
    /// The sessions with unsent packets; touched on the loop only.
    private var unflushed: [EngineSession] = []

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    var isCurrent: Bool { eventLoop.inEventLoop }

    var now: ContinuousClock.Instant { ContinuousClock.now }

    func execute(_ work: @escaping @Sendable () -> Void) {
        eventLoop.execute(work)
    }

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let scheduled = eventLoop.scheduleTask(in: TimeAmount(deadline - .now), work)
        return EngineTimer { scheduled.cancel() }
    }

    /// The counters, with what the sessions of this loop among `sessions` have buffered.
    func currentCounters(_ sessions: [EngineSession]) -> EngineCounters {
        var counters = counters
        for session in sessions where session.nioLoop === self { counters.bufferedBytes += session.bufferedBytes }
        return counters
    }

    /// What has changed since the last call.
    func changeSinceLastReport(_ sessions: [EngineSession]) -> EngineCounters {
        let counters = currentCounters(sessions)
        defer { reportedCounters = counters }
        return counters - reportedCounters
    }

    /// Runs `work` now if this is the loop, and on the loop otherwise.
    func run(_ work: @escaping @Sendable () -> Void) {
        if eventLoop.inEventLoop { work() } else { eventLoop.execute(work) }
    }

    /// Has a session's packets written when this turn of the loop is over; called on the loop, once a turn a session.
    func flushLater(_ session: EngineSession) {
        unflushed.append(session)
        if unflushed.count == 1 { eventLoop.execute { self.flush() } }
    }

    /// Writes what the turn has produced so far.
    func flush() {
        guard !unflushed.isEmpty else { return }
        let sessions = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for session in sessions { session.flush() }
    }
}
