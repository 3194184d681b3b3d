import ArgumentParser
import EngineIO
import EngineIOTransport
import Logging
import ServiceLifecycle
import SocketIO
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The server that the official protocol suites, the interop tests and the benchmarks run against.
@main
struct ConformanceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "socketio-conformance",
        abstract: "Behaves as the official Engine.IO and Socket.IO protocol suites expect.",
        discussion: "Engine.IO echoes at /engine.io/; Socket.IO is served at /socket.io/."
    )

    @Option(help: "The port, on all addresses; 0 lets the system choose.")
    var port: Int

    @Option(help: "Milliseconds from a pong to the next ping.")
    var pingInterval = 25_000

    @Option(help: "Milliseconds in which a pong must come.")
    var pingTimeout = 20_000

    @Option(help: "Milliseconds in which a client must join a namespace.")
    var connectTimeout = 45_000

    @Option(help: "The most bytes of a message or a POST.")
    var maxPayload = 1_000_000

    @Option(help: "The number of event loops; one for each core unless given.")
    var loops: Int?

    @Flag(name: .customLong("allow-eio3"), help: "Accept clients of Engine.IO protocol 3.")
    var allowEIO3 = false

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535.") }
        for (name, value) in [
            ("ping-interval", pingInterval), ("ping-timeout", pingTimeout), ("connect-timeout", connectTimeout),
            ("max-payload", maxPayload), ("loops", loops ?? 1),
        ] where value < 1 {
            throw ValidationError("--\(name) must be positive.")
        }
    }

    func run() async throws {
        let logger = Logger(label: "conformance")
        let io = SocketIOServer(configuration: .init(connectTimeout: .milliseconds(connectTimeout)), logger: logger)
        SocketIOSuite.register(on: io)
        let server = try await EngineHTTPServer(
            [
                EngineServer(EngineEcho(), configuration: engineConfiguration),
                EngineServer(io, configuration: engineConfiguration),
            ],
            echoPath: "/echo",
            port: port,
            loops: loops,
            logger: logger
        )
        print("listening on \(server.port)")
        // Into a file or a pipe the line would wait in a buffer.
        fflush(nil)
        let group = ServiceGroup(
            configuration: .init(services: [server], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        )
        try await group.run()
    }

    private var engineConfiguration: EngineConfiguration {
        EngineConfiguration(
            allowEIO3: allowEIO3,
            pingInterval: .milliseconds(pingInterval),
            pingTimeout: .milliseconds(pingTimeout),
            maxPayload: maxPayload,
            cors: CORSPolicy(origins: .any)
        )
    }
}
