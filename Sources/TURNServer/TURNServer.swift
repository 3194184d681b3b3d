import Listening
import Locking
public import Logging
public import NIOCore
public import NIOPosix
public import STUN
public import ServiceLifecycle
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

    package let configuration: Configuration
    private let authenticator: Authenticator?
    private let revoked = RevokedUsers()
    private let quotas: AllocationQuotas
    private let threads: [RelayThread]
    private let streams: StreamListeners
    private let relays: OpenRelays
    private let addressLoop: any EventLoop
    private let peers: PeerConnections
    private let connections = CounterStore()
    private let logger: Logger
    private let state = Mutex(State.idle)
    private let addressWatch = Mutex<RepeatedTask?>(nil)
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
        relays = OpenRelays(ports: configuration.relayPorts)
        addressLoop = eventLoopGroup.next()
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
            do {
                try startThreads(sockets)
            } catch let error as BindError where error.purpose == .relaying {
                sockets.closeDatagrams()
                throw error
            }
            guard enter(sockets.addresses) else { throw CancellationError() }
            watchAddresses(sockets)
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
        addressWatch.withLock { $0?.cancel() }
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
    ///   - clientAddress: Where the client is, if a proxy has said so; that of the connection unless given.
    /// - Throws: An error if there are too many connections, or the server is closed; the caller closes the channel.
    public func adopt(_ channel: any Channel, isSecure: Bool, clientAddress: SocketAddress? = nil) throws {
        try streams.adopt(channel, isSecure: isSecure, clientAddress: clientAddress)
    }

    /// Ends the allocations of a user, and refuses the user's credentials from now on, as if they had ended.
    ///
    /// For a program that hands out credentials which end (``/TURN/TimeLimitedCredentials``) to people who may leave before.
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
        let addresses: [SocketAddress]
        do {
            addresses = try await HostResolver.resolve(configuration.hostname, port: configuration.port)
        } catch is HostResolver.UnknownHost {
            throw BindError(
                address: "\(configuration.hostname ?? "*"):\(configuration.port)",
                reason: .unknownHost
            )
        }
        return try await ServerSockets.bind(
            configuration,
            to: addresses,
            threads: threads.count,
            streams: streams
        )
    }

    private func startThreads(_ sockets: ServerSockets) throws {
        let machine = MachineAddresses.current()
        let relay = makeRelayConfiguration(sockets, machine)
        try checkRelayAddresses(of: relay)
        if configuration.relays, relay.relayAddresses.isEmpty { logger.warning(AddressWatcher.nowhere) }
        for (index, thread) in threads.enumerated() {
            do {
                try thread.start(
                    configuration: relay,
                    sockets: sockets.datagrams[index],
                    threads: threads,
                    connector: peers,
                    logger: logger
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

    /// How often the machine's addresses are looked at.
    ///
    /// 10 s: two calls of the system, and a new address is of no use to anybody sooner.
    private static let addressInterval = TimeAmount.seconds(10)

    /// Has the threads learn of addresses that come and go.
    private func watchAddresses(_ sockets: ServerSockets) {
        let isRelaying = configuration.relays && configuration.relayAddresses.isEmpty
        let watcher = AddressWatcher(known: .current(), isRelaying: isRelaying, logger: logger)
        let bound = NIOLoopBoundBox.makeBoxSendingValue(watcher, eventLoop: addressLoop)
        let task = addressLoop.scheduleRepeatedTask(
            initialDelay: Self.addressInterval,
            delay: Self.addressInterval
        ) { [weak self] _ in
            guard let self, let machine = bound.value.look() else { return }
            let relay = makeRelayConfiguration(sockets, machine)
            for thread in threads { thread.post(.addressesChanged(relay)) }
        }
        addressWatch.withLock { $0 = task }
        // It may have been closed in the meantime.
        if addresses.isEmpty { task.cancel() }
    }

    private func makeRelayConfiguration(_ sockets: ServerSockets, _ machine: MachineAddresses) -> RelayConfiguration {
        configuration.relayConfiguration(
            authenticator: authenticator,
            quotas: quotas,
            listening: sockets.addresses + sockets.otherAddresses,
            discovery: sockets.discovery,
            machine: machine,
            relays: relays
        )
    }

    /// Sees whether relays can have the addresses that were asked for, before a client does.
    private func checkRelayAddresses(of relay: RelayConfiguration) throws(BindError) {
        guard configuration.relays, !configuration.relayAddresses.isEmpty else { return }
        for address in relay.relayAddresses {
            guard let errno = UDPListener.obstacle(to: address.local) else { continue }
            let text = address.local == address.advertised ? "" : ", which is for \(address.advertised)"
            throw BindError(
                address: "\(address.local)\(text)",
                reason: BindError.Reason(errno: errno),
                purpose: .relaying
            )
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
