import Locking
import Metrics

/// How long requests of rooms take that wait for something: from their arrival to their answer.
final class RequestTimers: Sendable {
    /// What the metric is called.
    static let label = "linkup_request_seconds"

    private let factory: any MetricsFactory
    private let timers = Mutex<[String: Timer]>([:])

    /// Makes timers.
    /// - Parameter factory: Where they are reported.
    init(_ factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
    }

    /// The timer of a request.
    func timer(of event: String) -> Timer {
        timers.withLock { timers in
            if let timer = timers[event] { return timer }
            let timer = Timer(label: Self.label, dimensions: [("event", event)], factory: factory)
            timers[event] = timer
            return timer
        }
    }
}

/// Counts the answers over HTTP, Engine.IO's aside, by their status.
final class ResponseCounters: Sendable {
    /// What the metric is called.
    static let label = "linkup_http_responses"

    private let factory: any MetricsFactory
    private let counters = Mutex<[Int: Counter]>([:])

    /// Makes counters.
    /// - Parameter factory: Where they are reported.
    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    /// An answer was given.
    func count(status: Int) {
        counters.withLock { counters in
            let counter =
                counters[status]
                ?? Counter(label: Self.label, dimensions: [("code", "\(status)")], factory: factory)
            counters[status] = counter
            counter.increment()
        }
    }
}
