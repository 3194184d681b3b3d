import EngineIO

/// What a server keeps on one loop: connections, the rooms of each namespace, and tasks of handlers.
///
/// Unchecked: touched only on ``loop``, but for what is immutable.
final class LoopShard: DrainedLoop, @unchecked Sendable {
    let loop: any EngineLoop
    let counters: LoopCounters
    // Its methods call nothing outside.
    @exclusivity(unchecked) var acknowledges = AcknowledgePool()

    private let executor: HandlerExecutor
    private(set) var connections: ContiguousArray<ClientConnection> = []
    private(set) var roomIndexes: [ObjectIdentifier: RoomIndex] = [:]
    private var handlers = HandlerTasks()
    private var reporter: MetricsReporter?
    private(set) var isClosed: Bool
    var drain: Drain?

    init(loop: any EngineLoop, configuration: SocketIOServer.Configuration, isClosed: Bool) {
        self.loop = loop
        self.isClosed = isClosed
        counters = LoopCounters(handlerSampling: configuration.metrics?.handlerSampling ?? 0)
        executor = HandlerExecutor(loop: loop)
        if let metrics = configuration.metrics {
            reporter = MetricsReporter(metrics)
            scheduleReport(every: metrics.interval)
        }
    }

    /// Remembers a connection until it is closed.
    func insert(_ connection: ClientConnection) {
        connection.index = connections.count
        connections.append(connection)
    }

    /// Forgets a connection.
    func remove(_ connection: ClientConnection) {
        guard connections.indices.contains(connection.index), connections[connection.index] === connection else {
            return
        }
        let last = connections.removeLast()
        guard last !== connection else { return }
        connections[connection.index] = last
        last.index = connection.index
    }

    /// The rooms of a namespace on this loop.
    func roomIndex(for namespace: Namespace) -> RoomIndex {
        let key = ObjectIdentifier(namespace)
        if let index = roomIndexes[key] { return index }
        let index = RoomIndex(owner: self, cluster: namespace.cluster)
        roomIndexes[key] = index
        namespace.add(index)
        return index
    }

    /// Forgets a namespace that is gone.
    func forget(_ namespace: Namespace) {
        roomIndexes[ObjectIdentifier(namespace)] = nil
    }

    /// Runs an asynchronous handler of a client, which begins before this returns and resumes on the loop.
    ///
    /// It counts as one of the client's handlers in flight until it has ended, whatever has become of the socket. It is
    /// cancelled when the connection is gone, unless it is for just that, and cancelled and awaited when the server
    /// closes.
    /// - Parameters:
    ///   - client: Whose handler it is.
    ///   - byteCount: How much it keeps of what the client sent.
    ///   - isForTheEnd: Whether it is for the end of a socket.
    ///   - operation: The handler.
    func run(
        for client: ClientConnection,
        byteCount: Int = 0,
        isForTheEnd: Bool = false,
        _ operation: @escaping @Sendable () async -> Void
    ) {
        let ticket = handlers.begin(isForTheEnd: isForTheEnd)
        client.handlerBegan(isForTheEnd ? nil : ticket, byteCount)
        let task = executor.start {
            await HandlerTasks.$current.withValue(.init(shard: self, ticket: ticket)) { await operation() }
            self.loop.run {
                self.handlers.ended(ticket)
                client.handlerEnded(isForTheEnd ? nil : ticket, byteCount)
            }
        }
        handlers.began(ticket, task)
    }

    /// Cancels a handler.
    func cancel(_ ticket: UInt64) {
        handlers.cancel(ticket)
    }
}

// MARK: - The end

extension LoopShard {
    /// A handler waits for the server to close.
    func markClosing(_ ticket: UInt64) {
        handlers.markClosing(ticket)
    }

    /// Disconnects everybody and cancels the handlers.
    /// - Parameter isHandler: Whether a handler asks.
    /// - Returns: The tasks that are still to end.
    func close(forHandler isHandler: Bool) -> [Task<Void, Never>] {
        isClosed = true
        drain?.end()
        for connection in connections { connection.shutDown() }
        reporter?.report(self)
        return handlers.cancelAll(forHandler: isHandler)
    }

    var remainingCount: Int { connections.count }

    func drainBegan() {
        isClosed = true
    }

    func sendOneAway() {
        guard let connection = connections.last else { return }
        connection.shutDown()
        // The transport tells of the end later, so the list must not wait for that.
        remove(connection)
    }

    /// The handlers for the end of sockets that have not ended, which are cancelled at `deadline`.
    func handlersForTheEnd(until deadline: ContinuousClock.Instant) -> (tasks: [Task<Void, Never>], timer: EngineTimer?)
    {
        let tasks = handlers.tasksForTheEnd
        guard !tasks.isEmpty else { return ([], nil) }
        return (tasks, loop.schedule(at: deadline) { for task in tasks { task.cancel() } })
    }
}

// MARK: - Figures

extension LoopShard {
    /// A handler of a sampled event returned.
    func recordHandler(of event: String, since start: ContinuousClock.Instant) {
        reporter?.recordHandler(of: event, start.duration(to: loop.now))
    }

    private func scheduleReport(every interval: Duration) {
        _ = loop.schedule(at: loop.now + interval) { [weak self] in
            guard let self, !isClosed else { return }
            reporter?.report(self)
            scheduleReport(every: interval)
        }
    }
}

extension EngineLoop {
    /// Runs `work` at once when the caller is on the loop, otherwise after what is queued there.
    func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { execute(work) }
    }
}
