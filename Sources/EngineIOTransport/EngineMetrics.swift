import EngineIO
import Metrics

/// Hands the counters of a server to swift-metrics.
///
/// Each loop reports what has changed on it since its last report, so that the sums are right without the loops ever
/// meeting.
final class EngineMetrics: Sendable {
    private struct Traffic {
        let connections: Meter
        let packetsReceived: Counter
        let packetsSent: Counter
        let bytesReceived: Counter
        let bytesSent: Counter

        init(_ transport: EngineTransport) {
            let name = ("transport", transport.rawValue)
            connections = Meter(label: "engineio_connections", dimensions: [name])
            packetsReceived = Counter(label: "engineio_packets_total", dimensions: [name, ("direction", "in")])
            packetsSent = Counter(label: "engineio_packets_total", dimensions: [name, ("direction", "out")])
            bytesReceived = Counter(label: "engineio_bytes_total", dimensions: [name, ("direction", "in")])
            bytesSent = Counter(label: "engineio_bytes_total", dimensions: [name, ("direction", "out")])
        }

        func report(_ change: EngineCounters.Traffic) {
            connections.change(by: change.connections)
            packetsReceived.increment(by: change.packetsReceived)
            packetsSent.increment(by: change.packetsSent)
            bytesReceived.increment(by: change.bytesReceived)
            bytesSent.increment(by: change.bytesSent)
        }
    }

    private let polling = Traffic(.polling)
    private let webSocket = Traffic(.webSocket)
    private let handshakes = Counter(label: "engineio_handshakes_total")
    private let upgrades = Counter(label: "engineio_upgrades_total")
    private let bufferedBytes = Meter(label: "engineio_buffered_bytes")
    private let closes = EngineCloseReason.allCases.map { reason in
        (reason, Counter(label: "engineio_disconnects_total", dimensions: [("reason", reason.rawValue)]))
    }
    private let refusals = EngineRequestError.allCases.map { error in
        (error, Counter(label: "engineio_refusals_total", dimensions: [("code", "\(error.rawValue)")]))
    }

    /// Reports what happened since the last report.
    func report(_ change: EngineCounters) {
        polling.report(change.polling)
        webSocket.report(change.webSocket)
        handshakes.increment(by: change.handshakes)
        upgrades.increment(by: change.upgrades)
        bufferedBytes.change(by: change.bufferedBytes)
        for (reason, counter) in closes { counter.increment(by: change.closes(reason)) }
        for (error, counter) in refusals { counter.increment(by: change.refusals(error)) }
    }
}

extension Meter {
    fileprivate func change(by difference: Int) {
        if difference > 0 { increment(by: Double(difference)) }
        if difference < 0 { decrement(by: Double(-difference)) }
    }
}
