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

        init(_ transport: EngineTransport, _ factory: any MetricsFactory) {
            let name = ("transport", transport.rawValue)
            func counter(_ label: String, _ direction: String) -> Counter {
                Counter(label: label, dimensions: [name, ("direction", direction)], factory: factory)
            }
            connections = Meter(label: "engineio_connections", dimensions: [name], factory: factory)
            packetsReceived = counter("engineio_packets", "in")
            packetsSent = counter("engineio_packets", "out")
            bytesReceived = counter("engineio_bytes", "in")
            bytesSent = counter("engineio_bytes", "out")
        }

        func report(_ change: EngineCounters.Traffic) {
            connections.change(by: change.connections)
            packetsReceived.increment(by: change.packetsReceived)
            packetsSent.increment(by: change.packetsSent)
            bytesReceived.increment(by: change.bytesReceived)
            bytesSent.increment(by: change.bytesSent)
        }
    }

    private let polling: Traffic
    private let webSocket: Traffic
    private let handshakes: Counter
    private let upgrades: Counter
    private let bufferedBytes: Meter
    private let refusedSockets: Counter
    private let closes: [(EngineCloseReason, Counter)]
    private let refusals: [(EngineRequestError, Counter)]
    private let httpTimeouts: [(HTTPTimeout, Counter)]

    init(_ factory: any MetricsFactory) {
        polling = Traffic(.polling, factory)
        webSocket = Traffic(.webSocket, factory)
        handshakes = Counter(label: "engineio_handshakes", factory: factory)
        upgrades = Counter(label: "engineio_upgrades", factory: factory)
        bufferedBytes = Meter(label: "engineio_buffered_bytes", factory: factory)
        refusedSockets = Counter(label: "engineio_refused_sockets", factory: factory)
        closes = EngineCloseReason.allCases.map { reason in
            let dimensions = [("reason", reason.rawValue)]
            return (reason, Counter(label: "engineio_disconnects", dimensions: dimensions, factory: factory))
        }
        refusals = EngineRequestError.allCases.map { error in
            let dimensions = [("code", "\(error.rawValue)")]
            return (error, Counter(label: "engineio_refusals", dimensions: dimensions, factory: factory))
        }
        httpTimeouts = HTTPTimeout.allCases.map { state in
            let dimensions = [("state", state.rawValue)]
            return (state, Counter(label: "engineio_http_timeouts", dimensions: dimensions, factory: factory))
        }
    }

    /// Reports what happened since the last report.
    func report(_ change: EngineCounters) {
        polling.report(change.polling)
        webSocket.report(change.webSocket)
        handshakes.increment(by: change.handshakes)
        upgrades.increment(by: change.upgrades)
        bufferedBytes.change(by: change.bufferedBytes)
        refusedSockets.increment(by: change.refusedSockets)
        for (reason, counter) in closes { counter.increment(by: change.closes(reason)) }
        for (error, counter) in refusals { counter.increment(by: change.refusals(error)) }
        for (state, counter) in httpTimeouts { counter.increment(by: change.httpTimeouts(state)) }
    }
}

extension Meter {
    fileprivate func change(by difference: Int) {
        if difference > 0 { increment(by: Double(difference)) }
        if difference < 0 { decrement(by: Double(-difference)) }
    }
}
