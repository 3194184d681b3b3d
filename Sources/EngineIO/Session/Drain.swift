import Locking

/// What a server that shuts down has on one loop; all but ``loop`` is used there only.
package protocol DrainedLoop: AnyObject, Sendable {
    /// The loop.
    var loop: any EngineLoop { get }

    /// The drain under way; kept for it.
    var drain: Drain? { get set }

    /// How many are to be sent away still.
    var remainingCount: Int { get }

    /// The drain begins; nobody may come any more.
    func drainBegan()

    /// Sends one of those away who are left.
    func sendOneAway()
}

/// Sends the clients of a server away in slices, so that they don't all come to the next one in one moment.
///
/// All servers here shut down by it: a hundred clients go at once, more of them ten times a second, and so many each time
/// that it takes no longer than a period.
///
/// Unchecked: it is used on its loop only.
package final class Drain: @unchecked Sendable {
    /// How many clients go at once: as many that come back trouble nobody.
    private static let clientsAtOnce = 100

    /// The time from one slice to the next.
    private static let sliceInterval = Duration.milliseconds(100)

    private let part: any DrainedLoop
    private let sliceSize: Int
    private let completion: @Sendable () -> Void
    private var timer: EngineTimer?

    private init(
        _ part: any DrainedLoop,
        over period: Duration,
        slicesOf smallest: Int,
        _ completion: @escaping @Sendable () -> Void
    ) {
        self.part = part
        self.completion = completion
        let slices = max(1, Int(period / Self.sliceInterval))
        sliceSize = max(smallest, (part.remainingCount + slices - 1) / slices)
    }

    /// Sends the clients of all loops away, and returns when that is done.
    ///
    /// A task that is cancelled does not wait, and leaves those who are left.
    /// - Parameters:
    ///   - parts: The loops.
    ///   - period: How long it takes at most.
    package static func run(_ parts: [some DrainedLoop], over period: Duration) async {
        let countdown = Countdown(parts.count)
        let smallest = max(1, clientsAtOnce / max(1, parts.count))
        for part in parts {
            part.loop.execute {
                part.drain?.end()
                part.drainBegan()
                let drain = Drain(part, over: period, slicesOf: smallest) { countdown.countDown() }
                part.drain = drain
                drain.sendSlice()
            }
        }
        await withTaskCancellationHandler {
            await countdown.wait()
        } onCancel: {
            for part in parts { part.loop.execute { part.drain?.end() } }
        }
    }

    private func sendSlice() {
        for _ in 0..<sliceSize where part.remainingCount > 0 { part.sendOneAway() }
        guard part.remainingCount > 0 else { return end() }
        timer = part.loop.schedule(at: part.loop.now + Self.sliceInterval) { [weak self] in self?.sendSlice() }
    }

    /// Leaves those who are left; on the loop.
    package func end() {
        guard part.drain === self else { return }
        part.drain = nil
        timer?.cancel()
        completion()
    }
}

/// Waits until something has happened a number of times.
private final class Countdown: Sendable {
    private let state: Mutex<(remaining: Int, continuation: CheckedContinuation<Void, Never>?)>

    init(_ count: Int) {
        state = Mutex((count, nil))
    }

    func countDown() {
        let continuation = state.withLock { state in
            state.remaining -= 1
            return state.remaining == 0 ? state.continuation : nil
        }
        continuation?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.continuation = continuation
                return state.remaining <= 0
            }
            if isOver { continuation.resume() }
        }
    }
}
