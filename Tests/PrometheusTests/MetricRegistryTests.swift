import CoreMetrics
import Testing

@testable import Prometheus

@Suite
struct MetricRegistryTests {
    private let registry = MetricRegistry()

    private func counter(_ label: String, _ dimensions: (String, String)...) -> Counter {
        Counter(label: label, dimensions: dimensions, factory: registry)
    }

    @Test
    func metricsOfEachKind() async {
        counter("packets", ("direction", "in"), ("a", "b")).increment(by: 5)
        counter("packets", ("a", "b"), ("direction", "in")).increment()
        counter("packets", ("direction", "out")).increment(by: 2)
        FloatingPointCounter(label: "seconds_total", factory: registry).increment(by: 1.5)
        let meter = Meter(label: "connections", factory: registry)
        meter.increment(by: 3)
        meter.decrement(by: 5)
        Gauge(label: "size", factory: registry).record(7)
        let timer = Timer(label: "duration", dimensions: [("event", "say")], factory: registry)
        timer.recordNanoseconds(500_000)
        timer.recordNanoseconds(2_000_000_000)
        timer.recordNanoseconds(20_000_000_000)
        registry.collect { [MetricSample("relays", .gauge, ("family", "4"), value: 9)] }
        let text = await registry.text()
        #expect(
            text.split(separator: "\n").filter { !$0.contains("_bucket") } == [
                "# TYPE connections gauge", "connections -2",
                "# TYPE duration histogram", #"duration_sum{event="say"} 22.0005"#, #"duration_count{event="say"} 3"#,
                "# TYPE packets_total counter", #"packets_total{a="b",direction="in"} 6"#,
                #"packets_total{direction="out"} 2"#,
                "# TYPE relays gauge", #"relays{family="4"} 9"#,
                "# TYPE seconds_total counter", "seconds_total 1.5",
                "# TYPE size gauge", "size 7",
            ]
        )
        let buckets = text.split(separator: "\n").filter { $0.contains("_bucket") }
        #expect(buckets.count == HistogramSeries.seconds.count + 1)
        #expect(buckets.first == #"duration_bucket{event="say",le="0.0005"} 1"#)
        #expect(
            buckets.suffix(2) == [
                #"duration_bucket{event="say",le="10"} 2"#, #"duration_bucket{event="say",le="+Inf"} 3"#,
            ]
        )
    }

    @Test(
        arguments: [
            ("a.b-c", "x y", "v", #"a_b_c_total{x_y="v"} 1"#),
            ("1", "1", "\"\\\n", #"_1_total{_1="\"\\\n"} 1"#),
            ("", "", "", #"__total{_=""} 1"#),
            ("ä:b", "ä:b", "ä", #"__:b_total{___b="ä"} 1"#),
        ]
    )
    func anyNameIsOneThatCanBeRead(label: String, name: String, value: String, line: String) async {
        counter(label, (name, value)).increment()
        let lines = await registry.text().split(separator: "\n")
        #expect(lines.last.map(String.init) == line)
    }

    @Test
    func aNameIsOfOneKind() async {
        counter("a").increment(by: 2)
        Meter(label: "a", factory: registry).set(3)
        Timer(label: "a", factory: registry).recordNanoseconds(1)
        registry.collect { [MetricSample("a_total", .gauge, value: 9), MetricSample("a", .counter, value: 9)] }
        #expect(await registry.text() == "# TYPE a_total counter\na_total 2\n")
    }

    @Test
    func seriesHaveABound() async {
        for number in 0...MetricRegistry.maximumSeries { counter("a", ("n", "\(number)")).increment() }
        let text = await registry.text()
        #expect(text.split(separator: "\n").count == MetricRegistry.maximumSeries + 1)
        #expect(text.contains(#""\#(MetricRegistry.maximumSeries - 1)""#))
        #expect(!text.contains(#""\#(MetricRegistry.maximumSeries)""#))
        // What is there is found again.
        counter("a", ("n", "0")).increment()
        #expect(await registry.text().contains(#"a_total{n="0"} 2"#))
    }

    @Test
    func countersGoNoFurtherThanTheyCan() async {
        let counter = counter("a")
        counter.increment(by: Int64.max)
        counter.increment(by: Int64.max)
        #expect(await registry.text().contains("a_total 9.223372036854776e+18"))
        for number in [Double.nan, .infinity, -.infinity, 1e300] {
            Gauge(label: "g", dimensions: [("n", "\(number)")], factory: registry).record(number)
        }
        let text = await registry.text()
        for line in [#"g{n="nan"} NaN"#, #"g{n="inf"} +Inf"#, #"g{n="-inf"} -Inf"#, #"g{n="1e+300"} 1e+300"#] {
            #expect(text.contains(line))
        }
    }

    @Test
    func theProcessIsMeasured() {
        let samples = Dictionary(uniqueKeysWithValues: ProcessMetrics.samples().map { ($0.name, $0.value) })
        #expect(samples["process_cpu_seconds", default: 0] > 0)
        #expect(samples["process_resident_memory_bytes", default: 0] > 1_000_000)
    }
}
