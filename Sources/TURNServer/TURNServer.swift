import Listening
public import Logging
public import NIOCore
public import NIOPosix
public import STUN
public import ServiceLifecycle
import Synchronization
import TURN

/// A STUN and TURN server over UDP, TCP and TLS, on IPv4 and IPv6 (RFC 8489, RFC 8656, RFC 6062).
///
/// Moves bytes and keeps time; what is answered and relayed is decided by `RelayEngine`. Datagrams are handled by threads
/// of the server's own, connections by SwiftNIO. Run it in a `ServiceGroup`, or call ``bind()`` first to learn the
/// ports, then ``run()``; ``close()`` ends it either way. A server is started once.
public final class TURNServer: Service {
    /// The ports that a server listens on.
    public struct Ports: Hashable, Sendable {
        /// The port for UDP and TCP.
        public let port: Int
        /// The port for TLS; `nil` if there is none.
        public let tlsPort: Int?
    }

    private enum State {
        case idle
        case binding
        case bound([TransportAddress])
        case closed
    }

    private let configuration: Configuration
    private let authenticator: Authenticator?
    private let revoked = RevokedUsers()
    private let quotas: AllocationQuotas
    private let threads: [RelayThread]
    private let streams: StreamListeners
    private let peers: PeerConnections
    private let connections = CounterStore()
    private let logger: Logger
    private let state = Mutex(State.idle)
    /// Has no elements, and ends with the server.
    private let lifetime = AsyncStream.makeStream(of: Never.self)

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to listen, whom to relay for, and limits.
    ///   - eventLoopGroup: What runs the TCP sockets; default: the loops that the process shares.
    ///   - logger: Where to say that the server listens; nothing above `debug` is logged for a datagram or connection.
    /// - Throws: What is wrong with the certificate's files or the realm, or ``BindError`` if the process may open no
    ///   more descriptors.
    public convenience init(
        configuration: Configuration = Configuration(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "linkup.turn")
    ) throws {
        try self.init(
            configuration: configuration,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            isPortable: false
        )
    }

    /// Makes a server that may do without what only Linux has, as it has to elsewhere.
    init(
        configuration: Configuration,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "linkup.turn"),
        isPortable: Bool
    ) throws {
        self.configuration = configuration
        self.logger = logger
        authenticator = try configuration.makeAuthenticator(revoked: revoked)
        quotas = AllocationQuotas(
            perUser: configuration.userQuota,
            perNetwork: configuration.networkQuota,
            total: configuration.makeTotalQuota(reserve: .current)
        )
        do {
            threads = try (0..<Self.threadCount(configuration.threads)).map { index in
                try RelayThread(index: UInt8(index), isPortable: isPortable)
            }
        } catch let failure as SystemFailure {
            let host = configuration.hostname ?? "*"
            throw BindError(address: "\(host):\(configuration.port)", reason: BindError.Reason(errno: failure.errno))
        }
        peers = PeerConnections(
            group: eventLoopGroup,
            bytesPerSecond: configuration.maximumBytesPerSecond,
            logger: logger
        )
        streams = try StreamListeners(
            configuration: configuration,
            group: eventLoopGroup,
            threads: threads,
            counters: connections,
            logger: logger
        )
    }

    /// Engines are told apart by eight bits.
    ///
    /// Only Linux spreads the datagrams of a port over several sockets.
    private static func threadCount(_ wanted: Int) -> Int {
        #if os(Linux)
        min(max(wanted, 1), 256)
        #else
        1
        #endif
    }

    /// What the server has done so far.
    public var counters: Counters {
        var counters = connections.current
        for thread in threads {
            counters.add(thread.counters)
        }
        counters.allocations = quotas.count
        return counters
    }

    /// Where the server listens on its main port; empty before ``bind()`` and after ``close()``.
    public var addresses: [TransportAddress] {
        state.withLock { state in
            if case .bound(let addresses) = state { addresses } else { [] }
        }
    }

    /// Begins to listen and to serve.
    ///
    /// - Returns: The ports: the configured ones, or those that the system chose for port 0.
    /// - Throws: ``BindError``, which names address and port. No socket stays open then.
    @discardableResult
    public func bind() async throws -> Ports {
        let host = configuration.hostname ?? "*"
        try state.withLock { state in
            guard case .idle = state else {
                throw BindError(address: "\(host):\(configuration.port)", reason: .alreadyStarted)
            }
            state = .binding
        }
        do {
            let sockets = try await bindSockets()
            try startThreads(sockets)
            guard enter(sockets.addresses) else { throw CancellationError() }
            logger.debug("TURN listens", metadata: ["addresses": "\(sockets.addresses)"])
            return Ports(
                port: sockets.addresses.first.map { Int($0.port) } ?? configuration.port,
                tlsPort: sockets.tlsPort
            )
        } catch {
            await close()
            throw error
        }
    }

    /// Serves until graceful shutdown, cancellation or ``close()``; listens first, if ``bind()`` was not called.
    ///
    /// - Throws: ``BindError``.
    public func run() async throws {
        if state.withLock({ if case .idle = $0 { true } else { false } }) {
            try await bind()
        }
        await withGracefulShutdownHandler {
            for await _ in lifetime.stream {}
        } onGracefulShutdown: {
            self.lifetime.continuation.finish()
        }
        await close()
    }

    /// Ends all allocations and closes the sockets and the connections; returns when they are closed.
    public func close() async {
        state.withLock { $0 = .closed }
        lifetime.continuation.finish()
        await streams.close()
        await peers.close()
        for thread in threads {
            await thread.stop()
        }
    }

    /// Takes over a TCP connection that another server has accepted and that carries STUN or TURN.
    ///
    /// To be called on the connection's loop; what came of it so far is to be fired at the end of the pipeline afterwards.
    /// - Parameters:
    ///   - channel: The connection.
    ///   - isSecure: Whether TLS ends in the channel's pipeline.
    /// - Throws: An error if there are too many connections, or the server is closed; the caller closes the channel.
    public func adopt(_ channel: any Channel, isSecure: Bool) throws {
        try streams.adopt(channel, isSecure: isSecure)
    }

    /// Ends the allocations of a user, and refuses the user's credentials from now on, as if they had ended.
    ///
    /// For a program that hands out credentials which end (``TimeLimitedCredentials``) to people who may leave before.
    /// The call returns at once; allocations end with the next turn of the threads that have them.
    /// - Parameters:
    ///   - userID: Whom the credentials are for: what stands behind the time in `EXPIRY:ID`.
    ///   - lifetime: How long the last of them would have been good. Default 4 hours, as long as LinkUp's are; for so
    ///     long the name is kept, and of 65,536 names those that end first go.
    public func revoke(userID: String, for lifetime: Duration = .seconds(4 * 3600)) {
        let now = RelayLoop.currentTime().unix
        let seconds = UInt32(clamping: lifetime.components.seconds)
        revoke(.identity(userID), until: now > UInt32.max - seconds ? .max : now + seconds, at: now)
    }

    /// Ends the allocations of the user of one name, and refuses that name from now on.
    ///
    /// A name of the form `EXPIRY:ID` is kept until it ends; any other one has to go from ``Configuration/users`` or its
    /// provider as well, as it is kept for a day.
    /// - Parameter username: The name as the client sends it.
    public func revoke(username: String) {
        let now = RelayLoop.currentTime().unix
        let end = TimeLimitedCredentials.expiry(of: username) ?? (now > UInt32.max - 86_400 ? .max : now + 86_400)
        revoke(.name(username), until: end, at: now)
    }

    private func revoke(_ user: RevokedUser, until end: UInt32, at now: UInt32) {
        // Before the threads are told: whoever is let in until then is found by them.
        revoked.insert(user, until: end, at: now)
        for thread in threads { thread.post(.revoked(user)) }
    }

    /// Reads the certificate and its key again, for connections made from now on; those that are open go on as they are.
    ///
    /// Files that can't be used are logged, and what was read before is kept.
    public func reloadCertificate() {
        streams.tls?.reload()
    }

    private func bindSockets() async throws -> ServerSockets {
        let addresses = try await HostResolver.resolve(configuration.hostname, port: configuration.port)
        return try await ServerSockets.bind(
            configuration,
            to: addresses,
            threads: threads.count,
            streams: streams
        )
    }

    private func startThreads(_ sockets: ServerSockets) throws {
        let relay = configuration.relayConfiguration(
            authenticator: authenticator,
            quotas: quotas,
            listening: sockets.addresses + sockets.otherAddresses,
            discovery: sockets.discovery,
            machine: .current()
        )
        for (index, thread) in threads.enumerated() {
            do {
                try thread.start(
                    configuration: relay,
                    sockets: sockets.datagrams[index],
                    threads: threads,
                    connector: peers
                )
            } catch {
                // What was handed over is closed already.
                for listener in sockets.datagrams[(index + 1)...].joined() {
                    listener.close()
                }
                let address = sockets.addresses.first.map { "\($0)" } ?? ""
                throw BindError(address: address, reason: BindError.Reason(errno: error.errno))
            }
        }
    }

    /// Notes where the server listens; `false` if it was closed in the meantime.
    private func enter(_ addresses: [TransportAddress]) -> Bool {
        state.withLock { state in
            guard case .binding = state else { return false }
            state = .bound(addresses)
            return true
        }
    }
}
