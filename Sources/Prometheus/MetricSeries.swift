import CoreMetrics
import Locking

/// One time series: a metric with its labels.
protocol MetricSeries: AnyObject, Sendable {
    /// Writes what it shows now.
    func write(to text: inout MetricText, _ name: String, _ labels: MetricLabels)
}

/// A counter of whole numbers.
final class IntegerSeries: MetricSeries, CounterHandler {
    private let value = Mutex<Int64>(0)

    func increment(by amount: Int64) {
        // A counter never falls; one that has counted all there is stands.
        value.withLock { $0 = max($0, $0.addingReportingOverflow(amount).overflow ? .max : $0 + amount) }
    }

    func reset() {
        value.withLock { $0 = 0 }
    }

    func write(to text: inout MetricText, _ name: String, _ labels: MetricLabels) {
        text.add(Double(value.withLock { $0 }), name: name, kind: .counter, labels: labels)
    }
}

/// A gauge, or a counter of other numbers.
final class NumberSeries: MetricSeries, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let value = Mutex<Double>(0)
    private let kind: MetricKind

    init(kind: MetricKind) {
        self.kind = kind
    }

    func increment(by amount: Double) {
        value.withLock { $0 += kind == .counter ? max(0, amount) : amount }
    }

    func decrement(by amount: Double) {
        value.withLock { $0 -= amount }
    }

    func reset() {
        value.withLock { $0 = 0 }
    }

    func set(_ number: Int64) { set(Double(number)) }
    func set(_ number: Double) { value.withLock { $0 = number } }
    func record(_ number: Int64) { set(Double(number)) }
    func record(_ number: Double) { set(number) }

    func write(to text: inout MetricText, _ name: String, _ labels: MetricLabels) {
        text.add(value.withLock { $0 }, name: name, kind: kind, labels: labels)
    }
}

/// How many values there were up to each bound, how many in all, and their sum.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    /// Bounds for times in seconds: from what a request costs to what somebody waits for.
    static let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Bounds for anything else.
    static let sizes: [Double] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]

    private struct Content {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let content: Mutex<Content>

    init(bounds: [Double]) {
        self.bounds = bounds
        content = Mutex(Content(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        content.withLock { content in
            content.counts[index] += 1
            content.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }

    func write(to text: inout MetricText, _ name: String, _ labels: MetricLabels) {
        let (counts, sum) = content.withLock { ($0.counts, $0.sum) }
        text.addHistogram(name, labels: labels, bounds: bounds, counts: counts, sum: sum)
    }
}
