import Testing

@testable import EngineIO

/// That nothing is counted which no metric shows.
@Suite struct CounterTableTests {
    /// All numbers of a value, those of its parts included.
    private static func count(of value: Any) -> Int {
        if value is Int { return 1 }
        return Mirror(reflecting: value).children.reduce(0) { $0 + count(of: $1.value) }
    }

    @Test func everyNumberHasARow() {
        #expect(EngineCounters.table.count == Self.count(of: EngineCounters()))
        var counters = EngineCounters()
        for (index, row) in EngineCounters.table.enumerated() {
            #expect(counters[keyPath: row.value] == 0, "\(row.label) \(row.dimensions) is another's")
            counters[keyPath: row.value] = index + 1
        }
        #expect(counters.webSocket.bytesSent > 0 && counters.httpTimeouts(.idle) > 0)
        var sum = counters
        sum += counters
        for (index, row) in EngineCounters.table.enumerated() {
            #expect(sum[keyPath: row.value] == 2 * (index + 1))
            #expect((sum - counters)[keyPath: row.value] == index + 1)
        }
    }

    @Test func noTwoMetricsAreTheSame() {
        let metrics = EngineCounters.table.map { "\($0.label) \($0.dimensions)" }
        #expect(Set(metrics).count == metrics.count)
    }
}
