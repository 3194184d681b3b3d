import EngineIO
import Logging
import NIOCore

// MARK: - Handlers in flight

extension ClientConnection {
    func makeWork() -> ConnectionWork {
        if let work { return work }
        let work = ConnectionWork(server.configuration)
        self.work = work
        return work
    }

    /// Runs an asynchronous handler, which counts as in flight until it has ended; see ``LoopShard``.
    func run(
        byteCount: Int = 0,
        isForTheEnd: Bool = false,
        _ operation: @escaping @Sendable () async -> Void
    ) {
        shard.run(for: self, byteCount: byteCount, isForTheEnd: isForTheEnd, operation)
    }

    func handlerBegan(_ ticket: UInt64?, _ byteCount: Int) {
        makeWork().began(ticket, byteCount)
    }

    func handlerEnded(_ ticket: UInt64?, _ byteCount: Int) {
        work?.ended(ticket, byteCount)
        resumeWaiting()
    }

    /// Whether what comes now must wait, because too many handlers are in flight.
    var isHolding: Bool { work?.isHolding ?? false }

    /// Whether another handler may begin.
    var hasRoomForHandlers: Bool { work?.hasRoom ?? true }

    /// The connection has ended: nothing waits any more, and handlers need not go on.
    func endWork(cancelsHandlers: Bool) {
        guard let work else { return }
        let tickets = work.close()
        if cancelsHandlers { for ticket in tickets { shard.cancel(ticket) } }
    }

    /// Delivers an event, or lets it wait.
    func deliver(_ arguments: SocketArguments, id: UInt64?, to socket: Socket) {
        // Before its connection handlers have ended a socket holds its events itself.
        if isHolding, !socket.isStarting {
            wait(.event(socket, .init(arguments: arguments, id: id)))
        } else {
            socket.receive(arguments, id: id)
        }
    }

    /// Lets something wait until fewer handlers are in flight.
    func wait(_ entry: ConnectionWork.Waiting) {
        if !makeWork().wait(entry) { closeForTooManyHeldEvents() }
    }

    /// Goes on with what waits, as far as there is room.
    func resumeWaiting() {
        // A handler may end before this has gone on to the next.
        guard let work, !isResuming else { return }
        isResuming = true
        defer { isResuming = false }
        while let entry = work.takeWaiting() {
            switch entry {
            case .event(let socket, let event): socket.receive(event.arguments, id: event.id)
            case .middlewares(let socket): socket.resumeHeldEvents()
            case .connect(let name, let resolution, let auth, let query):
                if machine.resolved(name, resolution) { join(name, auth: auth, query: query) }
            }
        }
    }

    /// The client sends faster than its handlers end.
    func closeForTooManyHeldEvents() {
        let limits = server.configuration
        server.logger?.debug(
            "closing a connection: too many events wait for a handler or middleware",
            metadata: [
                "connection": "\(connection.id)", "maxHandlersInFlight": "\(limits.maxHandlersInFlight)",
                "maxHeldEvents": "\(limits.maxHeldEvents)", "maxHeldBytes": "\(limits.maxHeldBytes)",
            ]
        )
        close(.forcedServerClose, description: "too many events wait for a handler or middleware")
        connection.close()
    }
}
