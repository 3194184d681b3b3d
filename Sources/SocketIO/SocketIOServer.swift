public import EngineIO
public import Logging
import Synchronization

/// A Socket.IO server, protocol revision 5, on top of whatever provides Engine.IO connections.
///
/// Every connection lives on its event loop, and so do its sockets: handlers run there, one after the other. All
/// methods may be called from anywhere. On the socket's own loop they act at once, from elsewhere they are queued to
/// it, so that the order of one caller's calls is kept.
///
/// Unchecked: what changes is behind mutexes.
public final class SocketIOServer: EngineApplication, @unchecked Sendable {
    /// The limits of a server.
    public struct Configuration: Sendable {
        /// How long a client may stay without joining a namespace; 45 seconds as in the official server.
        public var connectTimeout: Duration

        /// How many binary values an event or acknowledgement from a client may carry; 10 as in the official server.
        public var maxAttachments: Int

        /// How many events of a socket are held while its connection handler is still running; 256.
        ///
        /// A client that sends more than this, or than ``maxHeldBytes``, is disconnected.
        public var maxHeldEvents: Int

        /// How many bytes the held events may have before another one is too many; 1 MiB.
        public var maxHeldBytes: Int

        /// How many namespaces a client may be in or about to join at once, besides the main one; 100.
        ///
        /// Every packet's namespace is looked for among them, and a client that asks for more is refused.
        public var maxNamespacesPerClient: Int

        /// How many namespaces clients may bring into being by asking for them; 1000, a few MiB.
        ///
        /// Only children of a ``ParentNamespace`` count. A client that asks for one more is refused.
        public var maxDynamicNamespaces: Int

        /// How many bytes the name of such a namespace may have; 128.
        ///
        /// A longer one is refused like an unknown one.
        public var maxDynamicNamespaceNameLength: Int

        /// Whether a namespace that a client brought into being goes away with its last client; `false` as in the
        /// official server.
        public var cleanupEmptyChildNamespaces: Bool

        /// How many acknowledgements may be waited for from one socket; 10,000.
        ///
        /// A client that never answers would otherwise make the server keep a closure for each event. Past the limit
        /// ``AcknowledgementError/tooManyPending`` is the answer and nothing is sent.
        public var maxPendingAcknowledgements: Int

        /// How many rooms a socket may be in besides its own; 10,000.
        ///
        /// More than any client needs, and few enough that rooms named by clients can't fill the memory. Joining one
        /// more is logged, counted and does nothing.
        public var maxRoomsPerSocket: Int

        /// How many bytes of JSON a client may send to join a namespace; 64 KiB, room for several tokens.
        ///
        /// They are kept for as long as the socket lives. A client that sends more is refused.
        public var maxAuthBytes: Int

        /// How often a client may send events; without limit unless set, as in the official server.
        public var eventRateLimit: EventRateLimit?

        /// How clients that lost their connection may go on where they were; they may not unless set.
        public var connectionStateRecovery: ConnectionStateRecovery?

        /// Which metrics are reported, and how often; none unless set.
        public var metrics: MetricsOptions?

        /// How packets are written (the official server's `parser`); JSON, as clients speak it unless told otherwise.
        public var parser: PacketFormat

        /// Makes a configuration.
        public init(
            parser: PacketFormat = .json,
            connectTimeout: Duration = .seconds(45),
            maxAttachments: Int = 10,
            maxHeldEvents: Int = 256,
            maxHeldBytes: Int = 1 << 20,
            maxNamespacesPerClient: Int = 100,
            maxDynamicNamespaces: Int = 1000,
            maxDynamicNamespaceNameLength: Int = 128,
            cleanupEmptyChildNamespaces: Bool = false,
            maxPendingAcknowledgements: Int = 10_000,
            maxRoomsPerSocket: Int = 10_000,
            maxAuthBytes: Int = 65_536,
            eventRateLimit: EventRateLimit? = nil,
            connectionStateRecovery: ConnectionStateRecovery? = nil,
            metrics: MetricsOptions? = nil
        ) {
            precondition(connectTimeout > .zero, "connectTimeout must be positive")
            precondition(maxAttachments >= 0, "maxAttachments must not be negative")
            precondition(maxHeldEvents >= 0 && maxHeldBytes >= 0, "limits must not be negative")
            self.parser = parser
            self.connectTimeout = connectTimeout
            self.maxAttachments = maxAttachments
            self.maxHeldEvents = maxHeldEvents
            self.maxHeldBytes = maxHeldBytes
            precondition(maxNamespacesPerClient >= 0, "maxNamespacesPerClient must not be negative")
            precondition(maxDynamicNamespaces >= 0, "maxDynamicNamespaces must not be negative")
            precondition(maxDynamicNamespaceNameLength > 0, "maxDynamicNamespaceNameLength must be positive")
            self.maxNamespacesPerClient = maxNamespacesPerClient
            self.maxDynamicNamespaces = maxDynamicNamespaces
            self.maxDynamicNamespaceNameLength = maxDynamicNamespaceNameLength
            self.cleanupEmptyChildNamespaces = cleanupEmptyChildNamespaces
            precondition(maxPendingAcknowledgements > 0, "maxPendingAcknowledgements must be positive")
            self.maxPendingAcknowledgements = maxPendingAcknowledgements
            precondition(maxRoomsPerSocket >= 0, "maxRoomsPerSocket must not be negative")
            precondition(maxAuthBytes >= 0, "maxAuthBytes must not be negative")
            self.maxRoomsPerSocket = maxRoomsPerSocket
            self.maxAuthBytes = maxAuthBytes
            self.eventRateLimit = eventRateLimit
            self.connectionStateRecovery = connectionStateRecovery
            self.metrics = metrics
        }
    }

    /// `/socket.io/`, where Socket.IO clients look.
    public let defaultPath = "/socket.io/"

    /// The limits in force.
    public let configuration: Configuration

    let logger: Logger?
    let namespaces: NamespaceDirectory
    var main: Namespace { namespaces.main }

    private struct State {
        var shards: [LoopShard] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Makes a server.
    /// - Parameters:
    ///   - configuration: The limits.
    ///   - adapter: Makes the adapter of each namespace, for a server that is one of several; without it the server
    ///     stands alone (``InMemoryAdapter``).
    ///   - logger: Where failures of handlers go; with `nil` nothing is logged.
    public init(
        configuration: Configuration = Configuration(),
        adapter: AdapterFactory? = nil,
        logger: Logger? = Logger(label: "socketio")
    ) {
        self.configuration = configuration
        self.logger = logger
        namespaces = NamespaceDirectory(configuration, adapter: adapter, logger: logger)
    }

    /// The namespace of this name, created when it does not exist; a missing leading slash is added.
    public func of(_ name: String) -> Namespace {
        namespaces.namespace(NamespaceName(name))
    }

    /// Takes a new connection; called by the transport on the connection's loop.
    public func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler {
        let shard = shard(for: connection.loop)
        let client = ClientConnection(connection, server: self, shard: shard)
        shard.insert(client)
        if shard.isClosed {
            // Not at once: the transport has no handler yet to tell about the end.
            shard.loop.execute { client.shutDown() }
        } else {
            client.start()
        }
        return client
    }

    private func shard(for loop: any EngineLoop) -> LoopShard {
        state.withLock { state in
            if let shard = state.shards.first(where: { $0.loop === loop }) { return shard }
            let shard = LoopShard(loop: loop, configuration: configuration, isClosed: state.isClosed)
            state.shards.append(shard)
            return shard
        }
    }

    /// What is kept on each loop that has had a connection.
    var shards: [LoopShard] { state.withLock { $0.shards } }

    /// Connections that come from now on are closed at once.
    /// - Returns: The loops that have others.
    private func stopAccepting() -> [LoopShard] {
        state.withLock { state in
            state.isClosed = true
            return state.shards
        }
    }
}

// MARK: - The end

extension SocketIOServer {
    /// Disconnects all clients and waits for asynchronous handlers, which are cancelled.
    ///
    /// Sockets get ``DisconnectReason/serverShuttingDown``; later connections are closed as they come. Handlers may
    /// call it too: it then neither cancels the caller nor waits for it, nor for other handlers that have called it.
    public func close() async {
        let caller = HandlerTasks.current
        if let caller {
            await withCheckedContinuation { continuation in
                caller.shard.loop.run {
                    caller.shard.markClosing(caller.ticket)
                    continuation.resume()
                }
            }
        }
        for shard in stopAccepting() {
            let running = await withCheckedContinuation { continuation in
                shard.loop.run { continuation.resume(returning: shard.close(forHandler: caller != nil)) }
            }
            for task in running { await task.value }
        }
        namespaces.closeAdapters()
    }

    /// Disconnects the clients in slices over a period, and then closes.
    ///
    /// Sockets get ``DisconnectReason/serverShuttingDown``, and connections that come meanwhile are closed at once. The
    /// clients are not sent DISCONNECT, after which the official client stays away, but only lose their connection. So
    /// they connect again, to another server or to the next one on this port, and not all at the same moment. When the
    /// task is cancelled, the rest of the period is left out.
    /// - Parameter gracePeriod: How long it takes to disconnect everybody; less when there are few.
    public func shutdown(gracePeriod: Duration) async {
        precondition(gracePeriod >= .zero, "gracePeriod must not be negative")
        let shards = stopAccepting()
        let countdown = Countdown(shards.count)
        for shard in shards {
            shard.loop.run { shard.drain(over: gracePeriod) { countdown.countDown() } }
        }
        await withTaskCancellationHandler {
            await countdown.wait()
        } onCancel: {
            for shard in shards { shard.loop.execute { shard.endDraining() } }
        }
        await close()
    }
}

/// Waits until something has happened a number of times.
private final class Countdown: Sendable {
    private let state: Mutex<(remaining: Int, continuation: CheckedContinuation<Void, Never>?)>

    init(_ count: Int) {
        state = Mutex((count, nil))
    }

    func countDown() {
        let continuation = state.withLock { state in
            state.remaining -= 1
            return state.remaining == 0 ? state.continuation : nil
        }
        continuation?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.continuation = continuation
                return state.remaining <= 0
            }
            if isOver { continuation.resume() }
        }
    }
}
