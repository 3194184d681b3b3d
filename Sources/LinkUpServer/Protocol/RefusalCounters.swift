import Locking
import Metrics

/// Counts the requests that were refused on a limit, for each limit by itself.
///
/// A refusal is rare, so that it may cost what a counter of a metrics system costs.
final class RefusalCounters: Sendable {
    /// What the metric is called.
    static let label = "linkup_refusals"

    private let counters: [RefusalCause: Counter]
    private let counts = Mutex<[RefusalCause: Int]>([:])

    /// What was refused since the start, by the limit, the most often met first.
    var current: [(cause: RefusalCause, count: Int)] {
        counts.withLock { $0 }.map { ($0.key, $0.value) }
            .sorted { ($1.count, $0.cause.name) < ($0.count, $1.cause.name) }
    }

    /// Makes a counter for each limit.
    /// - Parameter factory: Where they are reported.
    init(_ factory: any MetricsFactory = MetricsSystem.factory) {
        counters = Dictionary(
            uniqueKeysWithValues: RefusalCause.allCases.map { cause in
                let dimensions = [("limit", cause.name), ("code", cause.code.rawValue)]
                return (cause, Counter(label: Self.label, dimensions: dimensions, factory: factory))
            }
        )
    }

    /// A request was refused; counts where it was on a limit.
    func count(_ error: RequestError) {
        guard let cause = error.cause else { return }
        counters[cause]?.increment()
        counts.withLock { $0[cause, default: 0] += 1 }
    }
}
