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
        abstract: "Behaves as the official suites of Engine.IO and Socket.IO expect.",
        discussion: "Engine.IO is at /engine.io/, Socket.IO at /socket.io/, and a plain WebSocket echo at /echo."
    )

    @Option(help: "The suite to behave for: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
    var mode = Mode.protocols

    @Option(help: "The port, on all addresses; the one that the suite connects to unless given, 0 for any.")
    var port: Int?

    @Option(help: "Milliseconds from a pong to the next ping; what the suite expects unless given.")
    var pingInterval: Int?

    @Option(help: "Milliseconds in which a pong must come.")
    var pingTimeout = 20_000

    @Option(help: "Milliseconds in which a client must join a namespace.")
    var connectTimeout = 45_000

    @Option(help: "Milliseconds that a closed long-polling session waits for its last poll.")
    var closeTimeout = 30_000

    @Option(help: "The most bytes of a message or a POST; what the suite expects unless given.")
    var maxPayload: Int?

    @Option(help: "The number of event loops; one for each core unless given.")
    var loops: Int?

    @Option(help: "How Socket.IO packets are written: \(ParserName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var parser = ParserName.json

    @Flag(name: .customLong("allow-eio3"), help: "Accept clients of Engine.IO protocol 3.")
    var allowEIO3 = false

    @Flag(help: "Compress WebSocket messages for clients that offer it; the echo always does.")
    var perMessageDeflate = false

    func validate() throws {
        guard (0...65_535).contains(port ?? 0) else { throw ValidationError("--port must be 0 to 65535.") }
        for (name, value) in [
            ("ping-interval", pingInterval ?? 1), ("ping-timeout", pingTimeout), ("connect-timeout", connectTimeout),
            ("close-timeout", closeTimeout), ("max-payload", maxPayload ?? 1), ("loops", loops ?? 1),
        ] where value < 1 {
            throw ValidationError("--\(name) must be positive.")
        }
    }

    func run() async throws {
        let logger = Logger(label: "conformance")
        let server = try await EngineHTTPServer(
            servers(logger),
            echoPath: "/echo",
            port: port ?? mode.port,
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

    private func servers(_ logger: Logger) -> [EngineServer] {
        let io = SocketIOServer(configuration: socketIOConfiguration, logger: logger)
        var configuration = engineConfiguration
        switch mode {
        case .protocols:
            let servers = [
                EngineServer(EngineEcho(), configuration: configuration, logger: logger),
                EngineServer(io, configuration: configuration, logger: logger),
            ]
            SocketIOSuite.register(on: io) { servers.reduce(0) { $0 + $1.sessionCount } }
            return servers
        case .socketIOClient:
            SocketIOClientFixture.configure(&configuration)
            SocketIOClientFixture.register(on: io)
            return [EngineServer(io, configuration: configuration, logger: logger)]
        case .engineIOClient:
            let fixture = EngineIOClientFixture()
            fixture.configure(&configuration)
            return [EngineServer(fixture, configuration: configuration, logger: logger)]
        }
    }

    private var socketIOConfiguration: SocketIOServer.Configuration {
        .init(
            parser: parser.format,
            connectTimeout: .milliseconds(connectTimeout),
            connectionStateRecovery: mode == .socketIOClient ? .init() : nil
        )
    }

    private var engineConfiguration: EngineConfiguration {
        EngineConfiguration(
            allowEIO3: allowEIO3,
            pingInterval: .milliseconds(pingInterval ?? mode.pingInterval),
            pingTimeout: .milliseconds(pingTimeout),
            closeTimeout: .milliseconds(closeTimeout),
            maxPayload: maxPayload ?? mode.maxPayload,
            perMessageDeflate: perMessageDeflate ? PerMessageDeflate() : nil,
            cors: CORSPolicy(origins: .any)
        )
    }
}

/// The parsers that a client can be told to use.
enum ParserName: String, CaseIterable, ExpressibleByArgument {
    case json
    case msgpack

    var format: PacketFormat {
        switch self {
        case .json: .json
        case .msgpack: .messagePack
        }
    }
}
