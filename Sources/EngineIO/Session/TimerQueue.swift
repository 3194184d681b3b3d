/// The timers of a loop, the earliest first.
///
/// A binary heap. A timer that is cancelled stays where it is until it comes to the top, or until half of all are
/// cancelled: nothing is searched.
package struct TimerQueue: ~Copyable {
    /// A timer.
    ///
    /// Unchecked: touched by its queue only, but for the deadline.
    package final class Timer: @unchecked Sendable {
        package let deadline: ContinuousClock.Instant
        /// What is to be done; `nil` once it was, or was cancelled.
        fileprivate var work: (@Sendable () -> Void)?
        /// Whether it was added; a timer may be cancelled before.
        fileprivate var isQueued = false

        package init(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) {
            self.deadline = deadline
            self.work = work
        }
    }

    /// Below so many timers it does not matter how many of them are cancelled.
    private static let fewTimers = 64

    private var heap: [Timer] = []
    private var cancelled = 0

    package init() {}

    /// How many timers there are, cancelled ones included.
    package var count: Int { heap.count }

    /// When the next timer is due, or would have been; `nil` without timers.
    package var deadline: ContinuousClock.Instant? { heap.first?.deadline }

    /// Adds a timer.
    package mutating func insert(_ timer: Timer) {
        guard timer.work != nil else { return }
        timer.isQueued = true
        heap.append(timer)
        rise(from: heap.count - 1)
    }

    /// Prevents a timer's work, unless it was done.
    package mutating func cancel(_ timer: Timer) {
        guard timer.work != nil else { return }
        timer.work = nil
        guard timer.isQueued else { return }
        cancelled += 1
        guard heap.count > Self.fewTimers, cancelled > heap.count / 2 else { return }
        heap.removeAll { $0.work == nil }
        cancelled = 0
        for index in (0..<(heap.count / 2)).reversed() { sink(from: index) }
    }

    /// Removes the next timer that is due.
    /// - Returns: Its work; `nil` when none is due.
    package mutating func takeDue(at now: ContinuousClock.Instant) -> (@Sendable () -> Void)? {
        while let first = heap.first, first.deadline <= now {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            sink(from: 0)
            if let work = first.work {
                first.work = nil
                return work
            }
            cancelled -= 1
        }
        return nil
    }

    private mutating func rise(from index: Int) {
        var index = index
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].deadline < heap[parent].deadline else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink(from index: Int) {
        var index = index
        while true {
            var least = index
            for child in (2 * index + 1)...(2 * index + 2)
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
