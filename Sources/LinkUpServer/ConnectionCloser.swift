import EngineIOTransport
import ServiceLifecycle
import SocketIO

/// Ends the connections of clients when the application stops, before the HTTP server waits for them.
struct ConnectionCloser: Service {
    let io: SocketIOServer
    let engine: EngineServer

    func run() async throws {
        try? await gracefulShutdown()
        await io.close()
        engine.closeAll()
    }
}
