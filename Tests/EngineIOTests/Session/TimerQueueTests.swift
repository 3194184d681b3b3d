import Locking
import Testing

@testable import EngineIO

@Suite struct TimerQueueTests {
    private let start = ContinuousClock.now

    /// Runs all that is due, and tells what it was.
    private func run(_ queue: inout TimerQueue, at seconds: Int, _ log: Log) -> [Int] {
        while let work = queue.takeDue(at: start + .seconds(seconds)) { work() }
        return log.take()
    }

    private final class Log: Sendable {
        private let entries = Mutex([Int]())
        func add(_ entry: Int) { entries.withLock { $0.append(entry) } }
        func take() -> [Int] {
            entries.withLock { entries in
                defer { entries = [] }
                return entries
            }
        }
    }

    private func timer(_ seconds: Int, _ log: Log) -> TimerQueue.Timer {
        TimerQueue.Timer(at: start + .seconds(seconds)) { log.add(seconds) }
    }

    @Test func runsWhatIsDueInOrder() {
        var queue = TimerQueue()
        let log = Log()
        for seconds in [5, 1, 4, 2, 3, 9, 8, 7, 6, 0].shuffled() { queue.insert(timer(seconds, log)) }
        #expect(queue.deadline == start)
        #expect(run(&queue, at: 4, log) == [0, 1, 2, 3, 4])
        #expect(run(&queue, at: 4, log) == [])
        #expect(queue.deadline == start + .seconds(5))
        #expect(run(&queue, at: 100, log) == [5, 6, 7, 8, 9])
        #expect(queue.deadline == nil)
    }

    @Test func cancelledWorkIsNotDone() {
        var queue = TimerQueue()
        let log = Log()
        let timers = (0..<10).map { timer($0, log) }
        for timer in timers { queue.insert(timer) }
        for index in [0, 3, 9, 3] { queue.cancel(timers[index]) }
        #expect(run(&queue, at: 5, log) == [1, 2, 4, 5])
        queue.cancel(timers[5])
        queue.cancel(timers[7])
        #expect(run(&queue, at: 100, log) == [6, 8])
        #expect(queue.count == 0)
    }

    @Test func whatIsCancelledFirstIsNotAdded() {
        var queue = TimerQueue()
        let log = Log()
        let timer = timer(1, log)
        queue.cancel(timer)
        queue.insert(timer)
        #expect(queue.count == 0)
        #expect(run(&queue, at: 2, log) == [])
    }

    @Test(arguments: [64, 65, 1000]) func cancelledTimersDoNotPileUp(count: Int) {
        var queue = TimerQueue()
        let log = Log()
        let timers = (0..<count).shuffled().map { timer($0, log) }
        for timer in timers { queue.insert(timer) }
        for timer in timers.dropLast(3) { queue.cancel(timer) }
        #expect(queue.count <= 64)
        let left = timers.suffix(3).map { Int((($0.deadline - start) / .seconds(1)).rounded()) }
        #expect(run(&queue, at: count, log) == left.sorted())
    }
}
