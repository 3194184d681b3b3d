public import EngineIO
import Locking
public import Logging

/// A Socket.IO server, protocol revision 5, on top of whatever provides Engine.IO connections.
///
/// Every connection lives on its event loop, and so do its sockets: handlers run there, one after the other. All
/// methods may be called from anywhere. On the socket's own loop they act at once, from elsewhere they are queued to
/// it, so that the order of one caller's calls is kept.
///
/// Unchecked: what changes is behind mutexes.
public final class SocketIOServer: EngineApplication, @unchecked Sendable {
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
    ///
    /// Up to a hundred clients go at once, more of them ten times a second. Asynchronous handlers of
    /// ``Socket/onDisconnect(_:)-1qpjv`` have the rest of the period; then they are cancelled.
    /// - Parameter gracePeriod: How long it takes to disconnect everybody; less when there are few.
    public func shutdown(gracePeriod: Duration) async {
        precondition(gracePeriod >= .zero, "gracePeriod must not be negative")
        let shards = stopAccepting()
        let deadlines = shards.map { $0.loop.now + gracePeriod }
        await Drain.run(shards, over: gracePeriod)
        for (shard, deadline) in zip(shards, deadlines) where !Task.isCancelled {
            await waitForHandlersOfTheEnd(shard, until: deadline)
        }
        await close()
    }

    private func waitForHandlersOfTheEnd(_ shard: LoopShard, until deadline: ContinuousClock.Instant) async {
        let (tasks, timer) = await withCheckedContinuation { continuation in
            shard.loop.run { continuation.resume(returning: shard.handlersForTheEnd(until: deadline)) }
        }
        await withTaskCancellationHandler {
            for task in tasks { await task.value }
        } onCancel: {
            for task in tasks { task.cancel() }
        }
        if let timer { shard.loop.run { timer.cancel() } }
    }
}
