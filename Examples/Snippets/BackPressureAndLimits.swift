// The snippets of the article "Back-pressure and limits"; ArchitectureTests compares them.
import EngineIO
import SocketIO

private func send(io: SocketIOServer, x: Double, y: Double) {
    io.volatile.emit("position", x, y)
}

private func wait(socket: Socket, chunks: [String]) async throws {
    for chunk in chunks {
        try await socket.emitWhenWritable("chunk", chunk)
    }
}

extension Events {
    fileprivate static let line = Event<String, Void>("line")
}

private func store(_ line: String) async {}

private func take(socket: Socket) {
    let lines = socket.events(.line, limit: 16)
    Task {
        for await line in lines { await store(line) }
    }
}

private func outlastBalancer() -> EngineConfiguration {
    let configuration = EngineConfiguration(httpTimeouts: HTTPTimeouts(idle: .seconds(65)))
    return configuration
}

private func limitRate() -> SocketIOServer {
    let io = SocketIOServer(
        configuration: .init(eventRateLimit: EventRateLimit(Rate(perSecond: 50, burst: 200), policy: .disconnect))
    )
    return io
}

private func limitConnections() -> EngineConfiguration {
    let configuration = EngineConfiguration(
        limits: ConnectionLimits(
            maxConnections: 50_000,
            maxConnectionsPerAddress: 500,
            handshakesPerAddress: Rate(perSecond: 20, burst: 200),
            maxSockets: 100_000,
            maxSocketsPerAddress: 1000
        )
    )
    return configuration
}

private func listen(socket: Socket) {
    socket.onDisconnect { reason, description in
        print(socket.id, reason.rawValue, description ?? "")
    }
}
