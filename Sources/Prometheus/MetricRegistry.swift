package import CoreMetrics
import Locking

/// What a process counts, to be read as text by Prometheus or whatever speaks its format.
///
/// Metrics of the same label and dimensions are one. A label is of one kind: a metric that is made as another kind counts
/// for nothing, so that one library's mistake is not another's. What is made stays as long as the registry.
package final class MetricRegistry: MetricsFactory, Sendable {
    /// So many time series are kept; what is made beyond them counts for nothing.
    ///
    /// Dimensions that a stranger chooses would fill the memory of whoever collects them.
    package static let maximumSeries = 10_000

    /// What is read when it is asked for, in place of being counted all the while.
    package typealias Collector = @Sendable () async -> [MetricSample]

    private struct State {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var collectors: [Collector] = []
    }

    struct Family {
        var kind: MetricKind
        var series: [MetricLabels: any MetricSeries] = [:]
    }

    private let state = Mutex(State())

    /// Makes an empty registry.
    package init() {}

    /// Adds what is read at each ``text()``.
    package func collect(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// All metrics in the text format of Prometheus, version 0.0.4, in the order of their names.
    package func text() async -> String {
        let (families, collectors) = state.withLock { ($0.families, $0.collectors) }
        var text = MetricText()
        for (name, family) in families {
            for (labels, series) in family.series { series.write(to: &text, name, labels) }
        }
        for collector in collectors {
            for sample in await collector() {
                text.add(sample.value, name: sample.name, kind: sample.kind, labels: MetricLabels(sample.dimensions))
            }
        }
        return text.finish()
    }

    private func series<Series: MetricSeries>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: MetricKind,
        _ make: () -> Series
    ) -> Series {
        let labels = MetricLabels(dimensions)
        return state.withLock { state in
            var family = state.families[label] ?? Family(kind: kind)
            if let known = family.series[labels] as? Series { return known }
            let series = make()
            guard family.kind == kind, family.series[labels] == nil, state.seriesCount < Self.maximumSeries else {
                return series
            }
            family.series[labels] = series
            state.families[label] = family
            state.seriesCount += 1
            return series
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { IntegerSeries() }
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { NumberSeries(kind: .counter) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { NumberSeries(kind: .gauge) }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { NumberSeries(kind: .gauge) } }
        return series(label, dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.sizes) }
    }

    /// A timer; reported in seconds, as is the custom, whatever its label says.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.seconds) }
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// What a metric shows.
package enum MetricKind: String, Sendable {
    /// Something that only grows, until the process ends.
    case counter
    /// Something as it is now.
    case gauge
    /// How many values there were up to each of some bounds.
    case histogram
}

/// A number that was read.
package struct MetricSample: Sendable, Equatable {
    /// The name of the metric; a counter's ends with `_total` when it is written, whether it does here or not.
    package var name: String
    /// A counter or a gauge.
    package var kind: MetricKind
    /// What tells it apart from others of the name.
    package var dimensions: [(String, String)]
    /// The number.
    package var value: Double

    /// Makes a sample.
    package init(_ name: String, _ kind: MetricKind, _ dimensions: (String, String)..., value: some BinaryInteger) {
        self.init(name, kind, dimensions: dimensions, value: Double(value))
    }

    /// Makes a sample.
    package init(_ name: String, _ kind: MetricKind, dimensions: [(String, String)], value: Double) {
        self.name = name
        self.kind = kind
        self.dimensions = dimensions
        self.value = value
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.kind == right.kind && left.value == right.value
            && left.dimensions.elementsEqual(right.dimensions, by: ==)
    }
}
