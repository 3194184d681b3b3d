import EngineIO
public import ServiceLifecycle

/// Ends a server so that its clients don't all come back at once.
///
/// In a service group beside an application, name it after the application: services end in the reverse order.
extension EngineServer: Service {
    /// Waits for the surrounding service group to shut down, and says goodbye to the clients.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutDown()
    }

    /// Refuses new sessions with 503, has the application end its connections over
    /// ``/EngineIO/EngineConfiguration/shutdownGracePeriod``, and closes those that it leaves open with
    /// ``/EngineIO/EngineCloseReason/serverShuttingDown``, in slices over the rest of that time.
    ///
    /// A task that is cancelled closes the rest at once.
    public func shutDown() async {
        refuseHandshakes()
        await application.shutdown(gracePeriod: configuration.shutdownGracePeriod)
        let left = Dictionary(grouping: allSessions) { ObjectIdentifier($0.nioLoop) }.values.map(SessionsOfLoop.init)
        await Drain.run(left, over: remainingGrace(at: clock.now()))
        for session in allSessions {
            session.loop.execute { session.close(.serverShuttingDown) }
        }
        await movedWebSockets.close(within: remainingGrace(at: clock.now()))
    }
}

/// The sessions of a loop that the application has left open.
///
/// Unchecked: but for the loop it is used on that only.
private final class SessionsOfLoop: DrainedLoop, @unchecked Sendable {
    let loop: any EngineLoop
    var drain: Drain?
    private var sessions: [EngineSession]

    /// Takes sessions of one loop; there is at least one.
    init(_ sessions: [EngineSession]) {
        loop = sessions[0].nioLoop
        self.sessions = sessions
    }

    var remainingCount: Int { sessions.count }

    func drainBegan() {
        // Those whose clients may fetch a farewell are as good as gone.
        sessions.removeAll { $0.handler == nil }
    }

    func sendOneAway() {
        sessions.removeLast().close(.serverShuttingDown)
    }
}
