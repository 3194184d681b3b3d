import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Does something at each SIGHUP, by which processes are told to read their files again.
package struct HangupService: Service {
    private let action: @Sendable () -> Void

    /// Makes a service; the signal is caught while it runs.
    package init(_ action: @escaping @Sendable () -> Void) {
        self.action = action
    }

    /// Lets SIGHUP do nothing from now on; without, it ends a process that is just starting or stopping.
    package static func ignore() {
        signal(SIGHUP, SIG_IGN)
    }

    /// Waits for signals until the process is told to stop.
    package func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            action()
        }
    }
}
