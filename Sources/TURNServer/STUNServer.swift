public import Logging
public import NIOCore
public import NIOPosix
public import STUN
public import ServiceLifecycle
import Synchronization

/// Answers STUN Binding requests over UDP and TCP, IPv4 and IPv6, on one port.
///
/// Moves bytes and keeps time; what is answered and how is decided by `BindingResponder` and `StreamFraming`. Run it in
/// a `ServiceGroup`, or call ``bind()`` first to learn the port, then ``run()``; ``close()`` ends it either way. A
/// server is started once.
public final class STUNServer: Service {
    private enum State {
        case idle
        case binding
        case bound(ListenerSet)
        case closed
    }

    private let configuration: Configuration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let store = CounterStore()
    private let registry: ConnectionRegistry
    private let state = Mutex(State.idle)

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to listen, and limits.
    ///   - eventLoopGroup: What runs the sockets; default: the loops that the process shares.
    ///   - logger: Where to say that the server listens; nothing above `debug` is logged for a datagram or connection.
    public init(
        configuration: Configuration = Configuration(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "linkup.stun")
    ) {
        self.configuration = configuration
        self.logger = logger
        group = eventLoopGroup
        registry = ConnectionRegistry(limit: configuration.maximumConnections)
    }

    /// What the server has done so far.
    public var counters: Counters {
        store.current
    }

    /// Where the server listens; empty before ``bind()`` and after ``close()``.
    public var addresses: [TransportAddress] {
        state.withLock { state in
            if case .bound(let listeners) = state { listeners.addresses } else { [] }
        }
    }

    /// Begins to listen and to answer.
    ///
    /// - Returns: The port: the configured one, or the one that the system chose for port 0.
    /// - Throws: ``BindError``, which names address and port. No socket stays open then.
    @discardableResult
    public func bind() async throws -> Int {
        let host = configuration.hostname ?? "*"
        try state.withLock { state in
            guard case .idle = state else {
                throw BindError(address: "\(host):\(configuration.port)", reason: .alreadyStarted)
            }
            state = .binding
        }
        let listeners: ListenerSet
        do {
            let addresses = try await HostResolver.resolve(configuration.hostname, port: configuration.port)
            listeners = try await ListenerSet.bind(addresses, using: makeFactory())
        } catch {
            state.withLock { $0 = .closed }
            throw error
        }
        guard enter(listeners) else {
            await listeners.close()
            throw CancellationError()
        }
        logger.debug("STUN listens", metadata: ["addresses": "\(listeners.addresses)"])
        return listeners.addresses.first.map { Int($0.port) } ?? configuration.port
    }

    /// Serves until graceful shutdown, cancellation or ``close()``; listens first, if ``bind()`` was not called.
    ///
    /// - Throws: ``BindError``, or ``STUNServerError`` if a socket failed for good.
    public func run() async throws {
        if state.withLock({ if case .idle = $0 { true } else { false } }) {
            try await bind()
        }
        guard case .bound(let listeners) = state.withLock({ $0 }) else { return }
        var failed = false
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            for channel in listeners.channels {
                group.addTask { try? await channel.closeFuture.get() }
            }
            await group.next()
            group.cancelAll()
            failed = isBound && listeners.channels.contains { !$0.isActive }
            await close()
        }
        if failed {
            throw STUNServerError.socketFailed
        }
    }

    /// Closes the sockets and the connections; returns when they are closed.
    public func close() async {
        let previous = state.withLock { state in
            defer { state = .closed }
            return state
        }
        await registry.closeAll()
        if case .bound(let listeners) = previous {
            await listeners.close()
        }
    }

    private var isBound: Bool {
        state.withLock { if case .bound = $0 { true } else { false } }
    }

    private func makeFactory() -> ListenerFactory {
        ListenerFactory(
            configuration: configuration,
            group: group,
            responder: BindingResponder(),
            store: store,
            registry: registry,
            logger: logger
        )
    }

    /// Takes over sockets that were just bound; `false` if the server was closed in the meantime.
    private func enter(_ listeners: ListenerSet) -> Bool {
        state.withLock { state in
            guard case .binding = state else { return false }
            state = .bound(listeners)
            return true
        }
    }
}
