import EngineIO

/// Runs asynchronous handlers on a loop, the first stretch of each at once.
///
/// An executor that only queued would begin handlers after events that came later and are handled synchronously.
/// `Task.immediate` would begin at once, but leave again at the first call of a function that is bound to no actor,
/// because it does not count as running on the preferred executor.
///
/// Unchecked: what changes is touched only on the loop.
final class HandlerExecutor: TaskExecutor, @unchecked Sendable {
    private let loop: any EngineLoop
    private var isStarting = false

    init(loop: any EngineLoop) {
        self.loop = loop
    }

    /// Begins `operation` before this returns; it resumes on the loop.
    ///
    /// Call on the loop.
    func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        isStarting = true
        defer { isStarting = false }
        return Task(executorPreference: self, operation: operation)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if loop.isCurrent, isStarting {
            isStarting = false
            job.runSynchronously(on: asUnownedTaskExecutor())
        } else {
            loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}
