public import EngineIO
public import Logging
import ServiceLifecycle
public import UnixSignals

extension EngineApplication {
    /// Serves the application alone on a port, until the task is cancelled, the surrounding service group shuts down, or
    /// one of `signals` comes.
    ///
    /// ```swift
    /// let io = SocketIOServer()
    /// try await io.serve(port: 3000)
    /// ```
    ///
    /// It is short for an ``EngineServer`` and an ``EngineHTTPServer``: make these where more is to be said, such as
    /// where the metrics go, or where the port that the system chose is wanted. In the end the clients are sent away over
    /// ``/EngineIO/EngineConfiguration/shutdownGracePeriod``, and this returns when all connections are closed.
    /// - Parameters:
    ///   - hostname: The address to listen on; `::`, which is every address of both families, unless given.
    ///   - port: The port; 0 lets the system choose, and the log says which it was.
    ///   - configuration: What the server allows and promises.
    ///   - signals: The signals that end it as a cancelled task does; none unless given, so that they do what they do in
    ///     any process.
    ///   - logger: Where the server's own doings are noted, refused requests and broken connections at debug level.
    /// - Throws: `IOError` when the address can't be bound.
    public func serve(
        hostname: String = "::",
        port: Int,
        configuration: EngineConfiguration = EngineConfiguration(),
        until signals: [UnixSignal] = [],
        logger: Logger = Logger(label: "engineio")
    ) async throws {
        let engine = EngineServer(self, configuration: configuration, logger: logger)
        let server = try await EngineHTTPServer(engine, hostname: hostname, port: port, logger: logger)
        if signals.isEmpty {
            try await server.run()
        } else {
            try await ServiceGroup(services: [server], gracefulShutdownSignals: signals, logger: logger).run()
        }
    }
}
