import EngineIO

/// What a server keeps on one loop: connections, the rooms of each namespace, and tasks of handlers.
///
/// Unchecked: touched only on ``loop``, but for what is immutable.
final class LoopShard: @unchecked Sendable {
    let loop: any EngineLoop
    // Its methods call nothing outside.
    @exclusivity(unchecked) var acknowledges = AcknowledgePool()

    private let executor: HandlerExecutor
    private var connections: ContiguousArray<ClientConnection> = []
    private var roomIndexes: [ObjectIdentifier: RoomIndex] = [:]
    /// Asynchronous handlers that are still running; `nil` in the moment before the task is known.
    private var tasks: [UInt64: Task<Void, Never>?] = [:]
    private var lastTicket: UInt64 = 0
    private(set) var isClosed: Bool

    init(loop: any EngineLoop, isClosed: Bool) {
        self.loop = loop
        self.isClosed = isClosed
        executor = HandlerExecutor(loop: loop)
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
        let index = RoomIndex(owner: self)
        roomIndexes[key] = index
        namespace.add(index)
        return index
    }

    /// Forgets a namespace that is gone.
    func forget(_ namespace: Namespace) {
        roomIndexes[ObjectIdentifier(namespace)] = nil
    }

    /// Runs an asynchronous handler, which begins before this returns and resumes on the loop.
    ///
    /// The task belongs to the shard: it outlives the socket whose event it handles, as in the official server, and
    /// is cancelled and awaited when the server closes.
    func run(_ operation: @escaping @Sendable () async -> Void) {
        lastTicket += 1
        let ticket = lastTicket
        tasks[ticket] = .some(nil)
        let task = executor.start {
            await operation()
            self.loop.run { self.tasks[ticket] = nil }
        }
        if tasks.keys.contains(ticket) { tasks[ticket] = task }
    }

    /// Disconnects everybody and cancels the handlers.
    /// - Returns: The tasks that are still to end.
    func close() -> [Task<Void, Never>] {
        isClosed = true
        for connection in connections { connection.shutDown() }
        let running = tasks.values.compactMap { $0 }
        for task in running { task.cancel() }
        return running
    }
}

extension EngineLoop {
    /// Runs `work` at once when the caller is on the loop, otherwise after what is queued there.
    func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { execute(work) }
    }
}
