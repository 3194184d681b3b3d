package import Metrics

/// Hands the counters of a layer to swift-metrics.
///
/// Each loop reports what has changed on it since its last report, so that the sums are right without the loops ever
/// meeting.
package struct CounterReporter<Counters>: Sendable {
    private enum Metric: Sendable {
        case counter(Counter)
        case meter(Meter)
    }

    private let metrics: [(row: CounterRow<Counters>, metric: Metric)]

    /// Makes the metrics of a table.
    package init(_ table: [CounterRow<Counters>], _ factory: any MetricsFactory) {
        metrics = table.map { row in
            switch row.kind {
            case .counter:
                (row, .counter(Counter(label: row.label, dimensions: row.dimensions, factory: factory)))
            case .meter:
                (row, .meter(Meter(label: row.label, dimensions: row.dimensions, factory: factory)))
            }
        }
    }

    /// Reports what happened between two readings.
    package func report(from old: Counters, to new: Counters) {
        for (row, metric) in metrics {
            let difference = new[keyPath: row.value] - old[keyPath: row.value]
            switch metric {
            case .counter(let counter): counter.increment(by: difference)
            case .meter(let meter): meter.change(by: difference)
            }
        }
    }
}

extension Meter {
    /// Changes what the meter shows.
    package func change(by difference: Int) {
        if difference > 0 { increment(by: Double(difference)) }
        if difference < 0 { decrement(by: Double(-difference)) }
    }
}
