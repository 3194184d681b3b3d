import EngineIO
import Metrics

/// Reports what one loop has counted; on the loop.
///
/// The loops share their metrics, so each reports how its part has changed.
final class MetricsReporter {
    private let factory: any MetricsFactory
    private let clients: Meter
    private let bufferedBytes: Meter
    private let eventsIn: Counter
    private let eventsOut: Counter
    private let bytesIn: Counter
    private let bytesOut: Counter
    private let volatileEventsDropped: Counter
    private let eventsRateLimited: Counter
    private let roomsRefused: Counter
    private var sockets: [String: Meter] = [:]
    private var disconnects: [DisconnectReason: Counter] = [:]
    private var handlers: [String: Timer] = [:]
    private var last = ServerStatistics()

    init(_ options: SocketIOServer.MetricsOptions) {
        let factory = options.factory
        func counter(_ label: String, direction: String? = nil) -> Counter {
            Counter(label: label, dimensions: direction.map { [("direction", $0)] } ?? [], factory: factory)
        }
        self.factory = factory
        clients = Meter(label: "socketio_clients", factory: factory)
        bufferedBytes = Meter(label: "socketio_buffered_bytes", factory: factory)
        eventsIn = counter("socketio_events", direction: "in")
        eventsOut = counter("socketio_events", direction: "out")
        bytesIn = counter("socketio_bytes", direction: "in")
        bytesOut = counter("socketio_bytes", direction: "out")
        volatileEventsDropped = counter("socketio_volatile_events_dropped")
        eventsRateLimited = counter("socketio_events_rate_limited")
        roomsRefused = counter("socketio_rooms_refused")
    }

    func report(_ shard: LoopShard) {
        // Clients choose the names, and a metric would stay for each.
        let now = shard.statistics(namingDynamic: "(dynamic)")
        Self.move(clients, from: last.clients, to: now.clients)
        Self.move(bufferedBytes, from: last.bufferedBytes, to: now.bufferedBytes)
        eventsIn.increment(by: now.eventsReceived - last.eventsReceived)
        eventsOut.increment(by: now.eventsSent - last.eventsSent)
        bytesIn.increment(by: now.bytesReceived - last.bytesReceived)
        bytesOut.increment(by: now.bytesSent - last.bytesSent)
        volatileEventsDropped.increment(by: now.volatileEventsDropped - last.volatileEventsDropped)
        eventsRateLimited.increment(by: now.eventsRateLimited - last.eventsRateLimited)
        roomsRefused.increment(by: now.roomsRefused - last.roomsRefused)
        for name in Set(now.sockets.keys).union(last.sockets.keys) {
            Self.move(meter(ofNamespace: name), from: last.sockets[name] ?? 0, to: now.sockets[name] ?? 0)
        }
        for (reason, count) in now.disconnects {
            counter(of: reason).increment(by: count - (last.disconnects[reason] ?? 0))
        }
        last = now
    }

    private static func move(_ meter: Meter, from old: Int, to new: Int) {
        if new > old { meter.increment(by: Double(new - old)) }
        if new < old { meter.decrement(by: Double(old - new)) }
    }

    private func meter(ofNamespace name: String) -> Meter {
        if let meter = sockets[name] { return meter }
        let meter = Meter(label: "socketio_sockets", dimensions: [("namespace", name)], factory: factory)
        sockets[name] = meter
        return meter
    }

    private func counter(of reason: DisconnectReason) -> Counter {
        if let counter = disconnects[reason] { return counter }
        let counter = Counter(
            label: "socketio_disconnects",
            dimensions: [("reason", reason.rawValue)],
            factory: factory
        )
        disconnects[reason] = counter
        return counter
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
