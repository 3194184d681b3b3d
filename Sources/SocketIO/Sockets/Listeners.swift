import EngineIO

/// A listener that was added to a socket; ``Socket/off(_:)-(SocketListener)`` removes it.
public struct SocketListener: Sendable, Hashable {
    let number: UInt32
}

/// Handles an event; `Acknowledge` is there when the client waits for an acknowledgement.
typealias EventHandler = @Sendable (Socket, SocketArguments, Acknowledge?) throws -> Void

/// What an application asked to be called for on a socket.
struct Listeners {
    /// A handler of one event.
    struct EventListener {
        let id: SocketListener
        let name: EventName
        /// Whether it goes with the first event.
        let isOnce: Bool
        /// Whether it returns before its work is done.
        let isAsynchronous: Bool
        let handler: EventHandler
    }

    /// Few enough that comparing names beats hashing them.
    var events: [EventListener] = []
    var disconnect = ListenerList<@Sendable (DisconnectReason, String?) -> Void>()
    /// What few sockets have; made with the first of it.
    var hooks: SocketHooks?

    /// Removes one listener, whatever it listens for.
    mutating func remove(_ id: SocketListener) {
        events.removeAll { $0.id == id }
        disconnect.remove(id)
        hooks?.remove(id)
    }

    /// The hooks, made when there are none.
    mutating func makeHooks() -> SocketHooks {
        if let hooks { return hooks }
        let hooks = SocketHooks()
        self.hooks = hooks
        return hooks
    }
}

/// The listeners that are seldom used, so that the sockets and events without them cost no more than one look.
///
/// Touched only on the loop of the socket.
final class SocketHooks {
    typealias AnyHandler = @Sendable (String, SocketArguments) throws -> Void

    var any = ListenerList<AnyHandler>()
    var anyOutgoing = ListenerList<AnyHandler>()
    var disconnecting = ListenerList<@Sendable (DisconnectReason, String?) -> Void>()
    var error = ListenerList<@Sendable (any Error) -> Void>()
    var upgrade = ListenerList<@Sendable (EngineTransport) -> Void>()
    /// What each event passes before its handlers.
    var middlewares: [EventMiddleware] = []
    /// Whether an asynchronous middleware is deciding about an event, or too many handlers are in flight for another
    /// one; events are ``held`` then.
    var isWaiting = false
    var held = HeldEvents()
    /// What is to be done later.
    var timers: [SocketListener: EngineTimer] = [:]

    func remove(_ id: SocketListener) {
        any.remove(id)
        anyOutgoing.remove(id)
        disconnecting.remove(id)
        error.remove(id)
        upgrade.remove(id)
    }

    /// The socket has ended.
    func cancelTimers() {
        for timer in timers.values { timer.cancel() }
        timers = [:]
    }
}

/// Listeners of one kind, in the order in which they are called.
struct ListenerList<Handler> {
    private var entries: [(id: SocketListener, handler: Handler)] = []

    var isEmpty: Bool { entries.isEmpty }

    /// The listeners as they are now; who is called may add and remove some.
    var handlers: [Handler] { entries.map(\.handler) }

    mutating func append(_ id: SocketListener, _ handler: Handler) {
        entries.append((id, handler))
    }

    mutating func prepend(_ id: SocketListener, _ handler: Handler) {
        entries.insert((id, handler), at: 0)
    }

    mutating func remove(_ id: SocketListener) {
        entries.removeAll { $0.id == id }
    }

    mutating func removeAll() {
        entries = []
    }
}

/// What an event passes before its handlers; throwing drops it.
enum EventMiddleware: Sendable {
    case synchronous(@Sendable (String, SocketArguments) throws -> Void)
    case asynchronous(@Sendable (String, SocketArguments) async throws -> Void)
}
