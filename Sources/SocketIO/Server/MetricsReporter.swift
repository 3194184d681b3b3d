import EngineIO
import Metrics

/// Reports what one loop has counted; on the loop.
///
/// The loops share their metrics, so each reports how its part has changed.
final class MetricsReporter {
    private let factory: any MetricsFactory
    private let counters: CounterReporter<ServerStatistics>
    private var sockets: [String: Meter] = [:]
    private var handlers: [String: Timer] = [:]
    private var last = ServerStatistics()

    init(_ options: SocketIOServer.MetricsOptions) {
        factory = options.factory
        counters = CounterReporter(ServerStatistics.table, factory)
    }

    func report(_ shard: LoopShard) {
        // Clients choose the names, and a metric would stay for each.
        let now = shard.statistics(namingDynamic: "(dynamic)")
        counters.report(from: last, to: now)
        for name in Set(now.sockets.keys).union(last.sockets.keys) {
            meter(ofNamespace: name).change(by: (now.sockets[name] ?? 0) - (last.sockets[name] ?? 0))
        }
        last = now
    }

    private func meter(ofNamespace name: String) -> Meter {
        if let meter = sockets[name] { return meter }
        let meter = Meter(label: "socketio_sockets", dimensions: [("namespace", name)], factory: factory)
        sockets[name] = meter
        return meter
    }

    /// A handler of a sampled event returned.
    func recordHandler(of event: String, _ duration: Duration) {
        timer(of: event).recordNanoseconds(duration.nanoseconds)
    }

    private func timer(of event: String) -> Timer {
        if let timer = handlers[event] { return timer }
        let timer = Timer(label: "socketio_handler_duration", dimensions: [("event", event)], factory: factory)
        handlers[event] = timer
        return timer
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
