public import ServiceLifecycle
import UnixSignals

/// Does something at each SIGHUP, by which processes are told to read their files again.
public struct HangupService: Service {
    private let action: @Sendable () -> Void

    /// Makes a service; the signal is caught while it runs.
    public init(_ action: @escaping @Sendable () -> Void) {
        self.action = action
    }

    /// Waits for signals until the process is told to stop.
    public func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            action()
        }
    }
}
