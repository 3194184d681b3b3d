// The snippets of the article "Graceful shutdown"; ArchitectureTests compares them.
import EngineIOTransport
import Hummingbird
import Logging
import ServiceLifecycle
import SocketIO
import UnixSignals

private func alone(io: SocketIOServer) async throws {
    try await io.serve(port: 3000, until: [.sigint, .sigterm])
}

private func mounted(engine: EngineServer, router: Router<BasicRequestContext>, logger: Logger) async throws {
    let application = Application(router: router, server: .engineIO(engine))
    try await ServiceGroup(
        services: [application, engine],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: logger
    ).run()
}
