import EngineIO
import Listening
import Locking
import Logging
import NIOCore
import NIOPosix
import Networking
import ServiceLifecycle

/// The port of plain HTTP: it shows a certificate authority what it looks for, and sends everybody else to HTTPS.
final class HTTPPort: Service {
    /// How many connections there may be; each lives ten seconds at most.
    static let maximumConnections = 1024
    /// How many of them one network may have.
    static let maximumConnectionsPerNetwork = 64

    private struct State {
        var listener: (any Channel)?
        var connections = 0
        var networks: [ClientNetwork: Int] = [:]
    }

    private struct Refused: Error {}

    private let hosts: HostPolicy
    private let pages: ChallengePages
    private let logger: Logger
    private let securePort: Mutex<Int>
    private let state = Mutex(State())

    /// Makes a port that is not open yet.
    /// - Parameters:
    ///   - hosts: The names of the server.
    ///   - pages: What a certificate authority looks for.
    ///   - securePort: The port of HTTPS.
    ///   - logger: Where it is said that connections are refused.
    init(hosts: HostPolicy, pages: ChallengePages, securePort: Int, logger: Logger) {
        self.hosts = hosts
        self.pages = pages
        self.logger = logger
        self.securePort = Mutex(securePort)
    }

    /// Says where HTTPS is, once that is known.
    func lead(to port: Int) {
        securePort.withLock { $0 = port }
    }

    /// Listens.
    /// - Returns: The port.
    /// - Throws: ``StartupError`` when it can't be opened.
    func bind(host: String, port: Int) async throws(StartupError) -> Int {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptHandler(logger: logger))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        do {
            let listener = try await bootstrap.bind(host: host, port: port).get()
            state.withLock { $0.listener = listener }
            return listener.localAddress?.port ?? port
        } catch {
            let reason = (error as? IOError).map { SystemError.text($0.errnoCode) } ?? "\(error)"
            throw StartupError("cannot listen on port \(port), which certificates are checked by: \(reason)")
        }
    }

    /// Closes the port when the process is told to stop.
    func run() async {
        try? await gracefulShutdown()
        try? await state.withLock { $0.listener }?.close()
    }

    private func accept(_ channel: any Channel) throws {
        let network = ClientNetwork(channel.remoteAddress.flatMap { IPAddress($0) })
        try state.withLock { state in
            let count = state.networks[network, default: 0]
            guard state.connections < Self.maximumConnections, count < Self.maximumConnectionsPerNetwork else {
                throw Refused()
            }
            state.connections += 1
            state.networks[network] = count + 1
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { state in
                state.connections -= 1
                let count = state.networks[network, default: 1] - 1
                state.networks[network] = count > 0 ? count : nil
            }
        }
        let handler = SecureRedirect(hosts: hosts, port: securePort.withLock { $0 }, pages: pages)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}
