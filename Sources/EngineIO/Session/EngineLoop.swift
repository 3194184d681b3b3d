/// The event loop on which a connection and everything above it runs.
///
/// All calls into a connection's handler come from its loop, and state that belongs to the connection is touched
/// only there; that is what makes the path from byte to event handler free of locks. A driver implements it on its
/// event loop, a test on a manual clock.
public protocol EngineLoop: AnyObject, Sendable {
    /// Whether the caller is running on this loop.
    var isCurrent: Bool { get }

    /// The loop's idea of the present; a manual clock in tests.
    var now: ContinuousClock.Instant { get }

    /// Runs `work` on this loop after what is already queued, in order of the calls; callable from anywhere.
    func execute(_ work: @escaping @Sendable () -> Void)

    /// Runs `work` on this loop once `deadline` has come, never before it; callable from anywhere.
    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer
}

/// A scheduled call that can be cancelled.
public struct EngineTimer: Sendable {
    private let onCancel: @Sendable () -> Void

    /// Makes a timer whose cancellation runs `onCancel`.
    public init(onCancel: @escaping @Sendable () -> Void) {
        self.onCancel = onCancel
    }

    /// Prevents the call if it has not begun; otherwise does nothing.
    public func cancel() {
        onCancel()
    }
}
