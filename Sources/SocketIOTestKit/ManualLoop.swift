public import EngineIO
import Locking

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A loop whose turns and clock a test drives by hand.
///
/// Work that is queued waits for the next turn, and timers wait until the test lets time pass, so that what a server does
/// depends on nothing but the test. Turns run on the thread that asks for them; one thread at a time may.
public final class ManualLoop: EngineLoop {
    private struct Timer {
        var id: Int
        var deadline: ContinuousClock.Instant
        var work: @Sendable () -> Void
    }

    private struct State {
        var now = ContinuousClock.now
        var queue: [@Sendable () -> Void] = []
        var timers: [Timer] = []
        var lastTimer = 0
        var executedCount = 0
        var thread: UInt?
    }

    private let state = Mutex(State())

    private static var currentThread: UInt { UInt(bitPattern: pthread_self().hashValue) }

    /// Makes a loop whose clock shows the present and then stands still.
    public init() {}

    /// Whether the caller is within a turn.
    public var isCurrent: Bool { state.withLock { $0.thread == Self.currentThread } }

    /// What the clock shows.
    public var now: ContinuousClock.Instant { state.withLock { $0.now } }

    /// How many calls wait for the next turn.
    public var queuedCount: Int { state.withLock { $0.queue.count } }

    /// How many calls that were queued have run.
    public var executedCount: Int { state.withLock { $0.executedCount } }

    /// How many timers wait for their time.
    public var timerCount: Int { state.withLock { $0.timers.count } }

    /// Queues `work` for the next turn.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.queue.append(work) }
    }

    /// Keeps `work` until ``advance(by:)`` has come to `deadline`.
    public func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let id = state.withLock { state in
            state.lastTimer += 1
            state.timers.append(Timer(id: state.lastTimer, deadline: deadline, work: work))
            return state.lastTimer
        }
        return EngineTimer { [weak self] in
            self?.state.withLock { state in state.timers.removeAll { $0.id == id } }
        }
    }

    /// Runs `body` on the loop, then all that is queued, and what that queues.
    public func turn<Result>(_ body: () throws -> Result) rethrows -> Result {
        let result = try onLoop(body)
        turn()
        return result
    }

    /// Runs all that is queued, and what that queues.
    public func turn() {
        while let work = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) {
            onLoop(work)
            state.withLock { $0.executedCount += 1 }
        }
    }

    /// Runs `body` on the loop and leaves alone what is queued.
    public func onLoop<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = state.withLock { state in
            defer { state.thread = Self.currentThread }
            return state.thread
        }
        defer { state.withLock { $0.thread = previous } }
        return try body()
    }

    /// Takes turns until `condition` holds, which waits for what runs elsewhere: asynchronous handlers, another thread.
    /// - Parameters:
    ///   - patience: How long that may take, by the real clock. It is long by default because it only bounds failures.
    ///   - condition: What is waited for.
    /// - Throws: ``NeverHappened``, or `CancellationError`.
    public func wait(patience: Duration = .seconds(60), until condition: () -> Bool) async throws {
        let end = ContinuousClock.now + patience
        while true {
            turn()
            if condition() { return }
            guard ContinuousClock.now < end else { throw NeverHappened() }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// What ``wait(patience:until:)`` waited for did not come.
    public struct NeverHappened: Error {
        /// Makes the error.
        public init() {}
    }

    /// Lets time pass: each timer that is due runs in a turn of its own, in order, with the clock at its deadline.
    public func advance(by duration: Duration) {
        advance(to: now + duration)
    }

    /// Lets time pass until the clock shows `instant`; does nothing when that is past.
    public func advance(to instant: ContinuousClock.Instant) {
        while let work = nextDue(by: instant) { turn(work) }
        state.withLock { $0.now = max($0.now, instant) }
        turn()
    }

    private func nextDue(by instant: ContinuousClock.Instant) -> (@Sendable () -> Void)? {
        state.withLock { state in
            // Of several with one deadline, the one that was made first.
            let index = state.timers.indices.min { state.timers[$0].deadline < state.timers[$1].deadline }
            guard let index, state.timers[index].deadline <= instant else { return nil }
            let timer = state.timers.remove(at: index)
            state.now = max(state.now, timer.deadline)
            return timer.work
        }
    }
}
