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

extension EngineLoop {
    /// Ends a debug build whose caller is not on this loop; other builds don't look.
    ///
    /// For what belongs to the loop without a lock: touched from elsewhere it is a race, which shows only sometimes, and
    /// far from its cause. Implementations of ``EngineConnection`` call it in each member that is for the loop.
    /// - Parameters:
    ///   - message: What is said then.
    ///   - file: The file of the caller.
    ///   - line: The line of the caller.
    @inlinable
    public func preconditionInLoop(
        _ message: @autoclosure () -> String = "this is for the connection's loop",
        file: StaticString = #fileID,
        line: UInt = #line
    ) {
        assert(isCurrent, message(), file: file, line: line)
    }
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
