import EngineIO
public import ServiceLifecycle

/// Ends a server so that its clients don't all come back at once.
///
/// In a service group beside an application, name it after the application: services end in the reverse order.
extension EngineServer: Service {
    /// The time between two slices of sessions.
    private static let sliceInterval = Duration.milliseconds(100)

    /// The fewest sessions in a slice: as many clients that come back at once trouble nobody.
    private static let smallestSlice = 100

    /// Waits for the surrounding service group to shut down, and says goodbye to the clients.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutDown()
    }

    /// Refuses new sessions with 503, has the application end its connections over
    /// ``/EngineIO/EngineConfiguration/shutdownGracePeriod``, and closes those that it leaves open in slices with
    /// ``/EngineIO/EngineCloseReason/serverShuttingDown``.
    ///
    /// A task that is cancelled closes the rest at once.
    public func shutDown() async {
        refuseHandshakes()
        await application.shutdown(gracePeriod: configuration.shutdownGracePeriod)
        await closeInSlices { try? await Task.sleep(for: $0) }
        await movedWebSockets.close(within: remainingGrace(at: clock.now()))
    }

    /// Closes all sessions, with a pause after each slice but the last.
    func closeInSlices(pause: (Duration) async -> Void) async {
        var rest = allSessions[...]
        let slices = max(1, Int(configuration.shutdownGracePeriod / Self.sliceInterval))
        let size = max(Self.smallestSlice, (rest.count + slices - 1) / slices)
        while !rest.isEmpty {
            let slice = rest.prefix(Task.isCancelled ? rest.count : size)
            rest = rest.dropFirst(slice.count)
            for session in slice {
                session.loop.execute { session.close(.serverShuttingDown) }
            }
            if !rest.isEmpty { await pause(Self.sliceInterval) }
        }
    }
}
