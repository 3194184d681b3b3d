import EngineIO
import Locking

/// The requests of a socket that take time; they are cancelled with it.
final class SocketTasks: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var ended: Set<Int> = []
        var last = 0
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// How many are in flight.
    var count: Int { state.withLock { $0.tasks.count } }

    /// Runs an operation.
    /// - Parameters:
    ///   - loop: The loop of the socket.
    ///   - operation: What takes time.
    ///   - completion: Runs on the loop in any case, with `nil` when the socket has ended meanwhile.
    func run<Result: Sendable>(
        on loop: any EngineLoop,
        _ operation: @escaping @Sendable () async throws(RequestError) -> RequestHandler.Finish<Result>,
        _ completion: @escaping @Sendable (RequestHandler.Finish<Result>?) -> Void
    ) {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        let task = Task {
            let finish: RequestHandler.Finish<Result>
            do throws(RequestError) {
                finish = try await operation()
            } catch {
                finish = { () throws(RequestError) in throw error }
            }
            loop.execute {
                completion(self.ended(number) ? finish : nil)
            }
        }
        state.withLock { state in
            // The task may have been quicker.
            guard state.ended.remove(number) == nil else { return }
            state.tasks[number] = task
            if state.isCancelled { task.cancel() }
        }
    }

    /// Cancels what is in flight: the socket has ended.
    func cancel() {
        let tasks = state.withLock { state in
            state.isCancelled = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    /// - Returns: Whether the socket is still there.
    private func ended(_ number: Int) -> Bool {
        state.withLock { state in
            if state.tasks.removeValue(forKey: number) == nil { state.ended.insert(number) }
            return !state.isCancelled
        }
    }
}
