public import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Does something at each SIGHUP, by which processes are told to read their files again.
public struct HangupService: Service {
    private let action: @Sendable () -> Void

    /// Makes a service; the signal is caught while it runs.
    public init(_ action: @escaping @Sendable () -> Void) {
        self.action = action
    }

    /// Lets SIGHUP do nothing from now on; without, it ends a process that is just starting or stopping.
    public static func ignore() {
        signal(SIGHUP, SIG_IGN)
    }

    /// Waits for signals until the process is told to stop.
    public func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            action()
        }
    }
}
