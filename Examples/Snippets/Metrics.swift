// The snippets of the article "Metrics and logs"; ArchitectureTests compares them.
import EngineIO
import EngineIOTransport
import SocketIO

private func time() -> SocketIOServer {
    let io = SocketIOServer(
        configuration: .init(metrics: .init(interval: .seconds(10), handlerSampling: 100))
    )
    return io
}

private func show(io: SocketIOServer, engine: EngineServer) async {
    let statistics = await io.statistics()
    print(statistics.clients, "clients,", statistics.eventsReceived, "events")
    let counters = await engine.counters()
    print(counters.webSocket.connections, "on WebSocket,", counters.bufferedBytes, "bytes wait")
}
