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

    /// Refuses new sessions with 503 and closes those that are open with ``EngineCloseReason/serverShuttingDown``, in
    /// slices over ``EngineConfiguration/shutdownGracePeriod``.
    ///
    /// A task that is cancelled closes the rest at once.
    public func shutDown() async {
        refuseHandshakes()
        var rest = allSessions[...]
        let slices = max(1, Int(configuration.shutdownGracePeriod / Self.sliceInterval))
        let size = max(Self.smallestSlice, (rest.count + slices - 1) / slices)
        while !rest.isEmpty {
            let slice = rest.prefix(Task.isCancelled ? rest.count : size)
            rest = rest.dropFirst(slice.count)
            for session in slice {
                session.loop.execute { session.close(.serverShuttingDown) }
            }
            if !rest.isEmpty { try? await Task.sleep(for: Self.sliceInterval) }
        }
    }
}
