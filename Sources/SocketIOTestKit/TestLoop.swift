import EngineIO
import Locking

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A loop that runs when somebody turns it, on the thread of whoever does, by the real clock.
final class TestLoop: EngineLoop {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var timers: [Int: (deadline: ContinuousClock.Instant, work: @Sendable () -> Void)] = [:]
        var lastTimer = 0
        var thread: UInt?
    }

    private let state = Mutex(State())

    private static var currentThread: UInt { UInt(bitPattern: pthread_self().hashValue) }

    var isCurrent: Bool { state.withLock { $0.thread == Self.currentThread } }
    var now: ContinuousClock.Instant { ContinuousClock.now }

    func execute(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.queue.append(work) }
    }

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let id = state.withLock { state in
            state.lastTimer += 1
            state.timers[state.lastTimer] = (deadline, work)
            return state.lastTimer
        }
        return EngineTimer { [weak self] in
            _ = self?.state.withLock { $0.timers.removeValue(forKey: id) }
        }
    }

    /// Runs `body` and then everything that is queued or due.
    func turn(_ body: () -> Void = {}) {
        state.withLock { $0.thread = Self.currentThread }
        defer { state.withLock { $0.thread = nil } }
        body()
        while let work = next() { work() }
    }

    private func next() -> (@Sendable () -> Void)? {
        let now = now
        return state.withLock { state in
            if !state.queue.isEmpty { return state.queue.removeFirst() }
            guard let due = state.timers.filter({ $0.value.deadline <= now }).min(by: { $0.key < $1.key }) else {
                return nil
            }
            return state.timers.removeValue(forKey: due.key)?.work
        }
    }
}
