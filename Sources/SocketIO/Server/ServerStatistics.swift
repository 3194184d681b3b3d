import EngineIO

/// What a server has done and holds at the moment; see ``SocketIOServer/statistics()``.
///
/// Counts are since the start of the server.
public struct ServerStatistics: Sendable, Equatable {
    /// Connections at the moment.
    public var clients = 0
    /// Sockets at the moment, by namespace.
    public var sockets: [String: Int] = [:]
    /// Events that clients sent, those included that were dropped.
    public var eventsReceived = 0
    /// Events that were sent, once for each receiver.
    public var eventsSent = 0
    /// Bytes of messages from clients.
    public var bytesReceived = 0
    /// Bytes of events and acknowledgements to clients, with their frames, before compression.
    public var bytesSent = 0
    /// Volatile events that a client did not take at once.
    public var volatileEventsDropped = 0
    /// Events that came more often than ``SocketIOServer/Configuration/eventRateLimit`` allows.
    public var eventsRateLimited = 0
    /// Rooms that a socket did not join because of ``SocketIOServer/Configuration/maxRoomsPerSocket``.
    public var roomsRefused = 0
    /// Sockets that ended, by reason.
    public var disconnects: [DisconnectReason: Int] = [:]
    /// Bytes that wait at the moment for clients to take them.
    public var bufferedBytes = 0

    /// Counts nothing yet.
    public init() {}

    mutating func add(_ other: Self) {
        for row in Self.table { self[keyPath: row.value] += other[keyPath: row.value] }
        sockets.merge(other.sockets, uniquingKeysWith: +)
    }
}

extension ServerStatistics {
    /// All that is counted but the sockets, whose namespaces come and go.
    static let table = {
        var rows: [CounterRow<Self>] = [
            .init(.meter, "socketio_clients", value: \.clients),
            .init(.meter, "socketio_buffered_bytes", value: \.bufferedBytes),
            .init(.counter, "socketio_events", ("direction", "in"), value: \.eventsReceived),
            .init(.counter, "socketio_events", ("direction", "out"), value: \.eventsSent),
            .init(.counter, "socketio_bytes", ("direction", "in"), value: \.bytesReceived),
            .init(.counter, "socketio_bytes", ("direction", "out"), value: \.bytesSent),
            .init(.counter, "socketio_volatile_events_dropped", value: \.volatileEventsDropped),
            .init(.counter, "socketio_events_rate_limited", value: \.eventsRateLimited),
            .init(.counter, "socketio_rooms_refused", value: \.roomsRefused),
        ]
        for reason in DisconnectReason.allCases {
            rows.append(
                .init(.counter, "socketio_disconnects", ("reason", reason.rawValue), value: \.[disconnects: reason])
            )
        }
        return rows
    }()

    private subscript(disconnects reason: DisconnectReason) -> Int {
        get { disconnects[reason] ?? 0 }
        set { disconnects[reason] = newValue == 0 ? nil : newValue }
    }
}

extension SocketIOServer {
    /// What the server has done and holds at the moment, gathered from all its loops.
    public nonisolated(nonsending) func statistics() async -> ServerStatistics {
        var statistics = ServerStatistics()
        for shard in shards {
            let part = await withCheckedContinuation { continuation in
                shard.loop.run { continuation.resume(returning: shard.statistics()) }
            }
            statistics.add(part)
        }
        return statistics
    }
}

extension LoopShard {
    /// The share of this loop.
    /// - Parameter dynamic: What all namespaces that clients brought into being are counted as; `nil` tells them apart.
    /// - Returns: What it has done and holds at the moment.
    func statistics(namingDynamic dynamic: String? = nil) -> ServerStatistics {
        var statistics = counters.statistics
        statistics.clients = connections.count
        for index in roomIndexes.values where !index.sockets.isEmpty {
            let namespace = index.sockets[0].namespace
            let name = namespace.isDynamic ? dynamic ?? namespace.name : namespace.name
            statistics.sockets[name, default: 0] += index.sockets.count
        }
        statistics.bufferedBytes = connections.reduce(0) { $0 + $1.connection.bufferedBytes }
        return statistics
    }
}
