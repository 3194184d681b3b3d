import EngineIO
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import UnixSignals

@testable import EngineIOTransport

/// An application that is served by one call.
@Suite struct ServeTests {
    /// Tells the port of the line that says it.
    private struct PortLogHandler: LogHandler {
        let ports: AsyncStream<Int>.Continuation
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if let port = event.metadata?["port"].flatMap({ Int("\($0)") }) { ports.yield(port) }
        }
    }

    private struct Application: Service {
        let signals: [UnixSignal]
        let logger: Logger

        func run() async throws {
            try await TestApplication().serve(hostname: "127.0.0.1", port: 0, until: signals, logger: logger)
        }
    }

    private let ports: AsyncStream<Int>
    private let logger: Logger

    init() {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        self.ports = ports
        logger = Logger(label: "test") { _ in PortLogHandler(ports: continuation) }
    }

    private func port() async throws -> Int { try #require(await ports.first { _ in true }) }

    private func connect(to port: Int) async throws {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get().close()
    }

    @Test(arguments: [[], [UnixSignal.sigusr2]])
    func servesUntilCancelled(signals: [UnixSignal]) async throws {
        let application = Application(signals: signals, logger: logger)
        let task = Task { try await application.run() }
        let port = try await port()
        try await connect(to: port)
        task.cancel()
        try await task.value
        await #expect(throws: (any Error).self) { try await connect(to: port) }
    }

    @Test func servesUntilTheServiceGroupShutsDown() async throws {
        let group = ServiceGroup(
            services: [Application(signals: [], logger: logger)],
            logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() }
        )
        let task = Task { try await group.run() }
        let port = try await port()
        try await connect(to: port)
        await group.triggerGracefulShutdown()
        // The service ends because it was told to, which is no failure.
        try await task.value
        await #expect(throws: (any Error).self) { try await connect(to: port) }
    }

    @Test func aPortThatIsTakenIsAnError() async throws {
        let taken = try await EngineHTTPServer(EngineServer(TestApplication()), hostname: "127.0.0.1", port: 0)
        await #expect(throws: (any Error).self) {
            try await TestApplication().serve(hostname: "127.0.0.1", port: taken.port, logger: logger)
        }
        try await taken.channel.close()
    }
}
