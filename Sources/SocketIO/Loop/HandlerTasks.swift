import EngineIO

/// The asynchronous handlers that run on a loop.
///
/// Touched only on the loop.
struct HandlerTasks {
    /// The handler that the current task runs, or was started by.
    @TaskLocal static var current: Handler?

    /// A handler, as it is known to what it calls.
    struct Handler: Sendable {
        let shard: LoopShard
        let ticket: UInt64
    }

    private struct Running {
        /// Absent in the moment before the task is known.
        var task: Task<Void, Never>?
        /// Whether the handler is for the end of a socket, and so may outlast it.
        let isForTheEnd: Bool
        /// Whether the handler waits for the server to close, and so for the other handlers.
        var isClosing = false
        /// Whether it was cancelled before the task was known.
        var isCancelled = false
    }

    private var running: [UInt64: Running] = [:]
    private var lastTicket: UInt64 = 0

    /// Enters a handler that is about to begin.
    mutating func begin(isForTheEnd: Bool) -> UInt64 {
        lastTicket += 1
        running[lastTicket] = Running(isForTheEnd: isForTheEnd)
        return lastTicket
    }

    /// The task of a handler is known, unless it has ended already.
    mutating func began(_ ticket: UInt64, _ task: Task<Void, Never>) {
        running[ticket]?.task = task
        if running[ticket]?.isCancelled == true { task.cancel() }
    }

    mutating func ended(_ ticket: UInt64) {
        running[ticket] = nil
    }

    /// A handler waits for the server to close: other handlers that do must not wait for it.
    mutating func markClosing(_ ticket: UInt64) {
        running[ticket]?.isClosing = true
    }

    /// Cancels a handler, if it has not ended.
    mutating func cancel(_ ticket: UInt64) {
        guard let task = running[ticket]?.task else {
            running[ticket]?.isCancelled = true
            return
        }
        task.cancel()
    }

    /// Cancels the handlers.
    /// - Parameter isHandler: Whether a handler asks, which must not wait for itself.
    /// - Returns: The tasks to wait for.
    func cancelAll(forHandler isHandler: Bool) -> [Task<Void, Never>] {
        let tasks = running.values.filter { !(isHandler && $0.isClosing) }.compactMap(\.task)
        for task in tasks { task.cancel() }
        return tasks
    }

    /// The tasks of handlers for the end of sockets.
    var tasksForTheEnd: [Task<Void, Never>] { running.values.filter(\.isForTheEnd).compactMap(\.task) }
}
