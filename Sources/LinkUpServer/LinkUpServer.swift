import EngineIO
import EngineIOTransport
import FoundationEssentials
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import ServiceLifecycle
import SocketIO
import TURN
public import TURNServer
import UnixSignals

/// The application: chat and call signalling over Socket.IO, the page, and a STUN and TURN server for the calls.
public final class LinkUpServer: Sendable {
    /// Where the application can be reached.
    public struct Addresses: Sendable, Equatable {
        /// The address that is listened on; `nil` for every address.
        public var hostname: String?
        /// The port of the page.
        public var port: Int
        /// The UDP and TCP port of STUN and TURN.
        public var turnPort: Int
        /// The port of STUN and TURN over TLS; `nil` where TLS has no port of its own.
        public var tlsPort: Int?
    }

    /// How long open connections may take to close when the application stops, before they are cut.
    ///
    /// Leaves time for the rest of a stop in 5 seconds, half of what service managers and containers grant.
    private static let closingTime = Duration.seconds(3)

    /// Over how much of ``closingTime`` the clients are disconnected, so that they don't all come back at once.
    private static let goodbyeTime = Duration.seconds(2)

    /// What the STUN and TURN server is made of: what was asked for, with a secret if there was none.
    public let turnConfiguration: TURNServer.Configuration

    private let configuration: LinkUpConfiguration
    private let logger: Logger
    private let site: WebSite
    private let secret: [UInt8]
    private let store: ChatStore
    private let io: SocketIOServer

    /// Opens the data directory and the page; nothing is listened on yet.
    /// - Parameters:
    ///   - configuration: What the application needs to know.
    ///   - logger: Where it logs.
    /// - Throws: ``StartupError`` when a folder or file can't be used.
    public init(configuration: LinkUpConfiguration, logger: Logger) throws(StartupError) {
        self.configuration = configuration
        self.logger = logger
        if let folder = configuration.webDirectory {
            site = WebSite(files: try .directory(at: folder))
        } else {
            site = WebSite(files: .embedded())
        }
        let data = try DataDirectory(path: configuration.dataDirectory)
        secret = try data.loadSecret()
        var turn = configuration.turn
        if turn.secrets.isEmpty { turn.secrets = [TURNSecret.derive(from: secret)] }
        turnConfiguration = turn
        let io = SocketIOServer(logger: logger)
        self.io = io
        let namespace = io.of("/chat")
        do {
            store = try ChatStore(path: data.chatDatabase) { ChatService.announce($0, in: namespace) }
        } catch {
            throw StartupError("cannot open \(data.chatDatabase): \(error)")
        }
    }

    /// Listens and serves until the process is told to stop by SIGINT or SIGTERM, or the task is cancelled.
    /// - Parameter onReady: Called once all ports are open.
    /// - Throws: ``StartupError`` when a port can't be opened, or the certificate can't be used.
    public func run(onReady: @escaping @Sendable (Addresses) -> Void) async throws {
        let turn: TURNServer
        let ports: TURNServer.Ports
        do {
            turn = try TURNServer(configuration: turnConfiguration, logger: logger)
            ports = try await turn.bind()
        } catch {
            throw StartupError("\(error)")
        }
        serveNamespaces(turnPort: ports.port, tlsPort: ports.tlsPort)
        let engine = EngineServer(
            io,
            configuration: EngineConfiguration(shutdownGracePeriod: Self.goodbyeTime),
            logger: logger
        )
        let services: [any Service] = [
            turn,
            makeApplication(engine) { [configuration] port in
                onReady(
                    Addresses(
                        hostname: configuration.hostname,
                        port: port,
                        turnPort: ports.port,
                        tlsPort: ports.tlsPort
                    )
                )
            },
            engine,
        ]
        var group = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = Self.closingTime
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError {
            throw StartupError("cannot listen on port \(configuration.port): \(SystemError.text(error.errnoCode))")
        }
        try store.close()
    }

    /// The address for `bind`: one socket on `::` serves IPv4 too, where the system has IPv6.
    private var hostname: String {
        configuration.hostname ?? (NetworkInterfaces.hasIPv6 ? "::" : "0.0.0.0")
    }

    private func makeApplication(
        _ engine: EngineServer,
        onRunning: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        router.add(middleware: WebMiddleware(site: site))
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/healthz", method: method) { _, _ in "ok\n" }
        }
        return Application(
            router: router,
            server: .engineIO(engine),
            configuration: ApplicationConfiguration(address: .hostname(hostname, port: configuration.port)),
            onServerRunning: { [configuration] channel in
                onRunning(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger
        )
    }

    private func serveNamespaces(turnPort: Int, tlsPort: Int?) {
        let time: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
        ChatService(store: store, logger: logger, time: time).serve(io.of("/chat"))
        let iceServers = ICEServers(
            turnPort: turnPort,
            turnHost: configuration.turnHost,
            tlsPort: tlsPort,
            hasTCP: turnConfiguration.listensOnTCP,
            credentials: TimeLimitedCredentials(secrets: turnConfiguration.secrets)
        )
        CallService(keys: ResumeKeys(secret: secret), iceServers: iceServers, time: time).serve(io.of("/call"))
    }
}
