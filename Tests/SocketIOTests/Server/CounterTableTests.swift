import EngineIO
import Testing

@testable import SocketIO

/// That nothing is counted which no metric shows.
@Suite struct CounterTableTests {
    @Test func everyNumberHasARow() {
        let numbers = Mirror(reflecting: ServerStatistics()).children.count { $0.value is Int }
        #expect(ServerStatistics.table.count == numbers + DisconnectReason.allCases.count)
        var statistics = ServerStatistics()
        for (index, row) in ServerStatistics.table.enumerated() {
            #expect(statistics[keyPath: row.value] == 0, "\(row.label) \(row.dimensions) is another's")
            statistics[keyPath: row.value] = index + 1
        }
        #expect(statistics.bufferedBytes > 0 && statistics.disconnects.count == DisconnectReason.allCases.count)
        statistics.add(statistics)
        for (index, row) in ServerStatistics.table.enumerated() {
            #expect(statistics[keyPath: row.value] == 2 * (index + 1))
        }
    }

    @Test func noTwoMetricsAreTheSame() {
        let metrics = ServerStatistics.table.map { "\($0.label) \($0.dimensions)" }
        #expect(Set(metrics).count == metrics.count)
    }
}
