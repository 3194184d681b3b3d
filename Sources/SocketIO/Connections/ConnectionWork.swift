import EngineIO
import NIOCore

/// The asynchronous handlers of one connection that have not ended, and what waits for them.
///
/// A client can make handlers begin faster than they end, also by joining and leaving a namespace, so what counts is
/// kept for the connection and not for a socket. Made with the first of them: a connection that has none pays for one
/// look. Touched only on the loop.
final class ConnectionWork {
    /// What waits until fewer handlers are in flight.
    enum Waiting {
        /// An event for a socket.
        case event(Socket, HeldEvents.Event)
        /// Events that a socket holds behind its middlewares; they are counted already.
        case middlewares(Socket)
        /// A request to join; what the machine calls it, and its payload.
        case connect(ByteBuffer?, resolution: UInt64, auth: ByteBuffer, query: ByteBuffer?)

        /// How many bytes it keeps; `nil` when they are counted elsewhere.
        var byteCount: Int? {
            switch self {
            case .event(_, let event): event.arguments.byteCount
            case .middlewares: nil
            case .connect(let name, _, let auth, let query):
                (name?.readableBytes ?? 0) + auth.readableBytes + (query?.readableBytes ?? 0)
            }
        }

        /// The same, without what its bytes were read with.
        var kept: Self {
            switch self {
            case .event(let socket, let event): .event(socket, event.kept)
            case .middlewares: self
            case .connect(let name, let resolution, let auth, let query):
                .connect(name?.kept, resolution: resolution, auth: auth.kept, query: query?.kept)
            }
        }
    }

    private let maximumHandlers: Int
    private let maximumHandlerBytes: Int
    private let maximumHeld: Int
    private let maximumHeldBytes: Int

    private var handlers = 0
    private var handlerBytes = 0
    /// Sequences of events that have as many as they may.
    private var fullQueues = 0
    /// The handlers that go with the connection.
    private var tickets: Set<UInt64> = []
    private var held = 0
    private var heldBytes = 0
    private var waiting: ArraySlice<Waiting> = []

    init(_ limits: SocketIOServer.Configuration) {
        maximumHandlers = limits.maxHandlersInFlight
        maximumHandlerBytes = limits.maxHandlerBytesInFlight
        maximumHeld = limits.maxHeldEvents
        maximumHeldBytes = limits.maxHeldBytes
    }

    // MARK: In flight

    /// A handler begins; `ticket` is absent for one that outlasts the connection.
    func began(_ ticket: UInt64?, _ byteCount: Int) {
        handlers += 1
        handlerBytes += byteCount
        if let ticket { tickets.insert(ticket) }
    }

    func ended(_ ticket: UInt64?, _ byteCount: Int) {
        handlers -= 1
        handlerBytes -= byteCount
        if let ticket { tickets.remove(ticket) }
    }

    /// An event is kept until somebody takes it from a sequence.
    func kept(_ byteCount: Int) { handlerBytes += byteCount }

    /// Events are not kept any more.
    func dropped(_ byteCount: Int) { handlerBytes -= byteCount }

    /// A sequence of events has as many as it may.
    func queueFilled() { fullQueues += 1 }

    /// A sequence of events that had as many as it might takes more, or has ended.
    func queueHasRoom() { fullQueues -= 1 }

    /// Gives up the handlers that go with the connection, which has ended, and whatever waits for them.
    func close() -> Set<UInt64> {
        waiting = []
        return tickets
    }

    /// Whether another handler may begin, and another event come.
    var hasRoom: Bool { handlers < maximumHandlers && handlerBytes <= maximumHandlerBytes && fullQueues == 0 }

    /// Whether what comes now must wait, for room or behind others.
    var isHolding: Bool { !waiting.isEmpty || !hasRoom }

    // MARK: Waiting

    /// Counts something that is held.
    /// - Returns: `false` when there is as much as there may be.
    func hold(_ byteCount: Int) -> Bool {
        guard held < maximumHeld, heldBytes <= maximumHeldBytes else { return false }
        held += 1
        heldBytes += byteCount
        return true
    }

    /// What was held is not any more.
    func release(_ count: Int, _ byteCount: Int) {
        held -= count
        heldBytes -= byteCount
    }

    /// Lets something wait until there is room.
    /// - Returns: `false` when as much is held as may be.
    func wait(_ entry: Waiting) -> Bool {
        if let byteCount = entry.byteCount, !hold(byteCount) { return false }
        waiting.append(entry.kept)
        return true
    }

    /// Takes what has waited for longest, if there is room for it.
    func takeWaiting() -> Waiting? {
        guard hasRoom, let entry = waiting.popFirst() else { return nil }
        if let byteCount = entry.byteCount { release(1, byteCount) }
        return entry
    }
}

/// Events of a socket that wait for something to end.
struct HeldEvents {
    /// An event from the client.
    struct Event: Sendable {
        let arguments: SocketArguments
        let id: UInt64?

        /// The same, without what its bytes were read with.
        var kept: Self { Self(arguments: arguments.kept, id: id) }
    }

    private var events: ArraySlice<Event> = []
    private var byteCount = 0

    /// Holds an event.
    /// - Returns: `false` when the connection holds as much as it may.
    mutating func hold(_ event: Event, in work: ConnectionWork) -> Bool {
        let bytes = event.arguments.byteCount
        guard work.hold(bytes) else { return false }
        byteCount += bytes
        events.append(event.kept)
        return true
    }

    /// Gives up the event that came first.
    mutating func takeFirst(from work: ConnectionWork) -> Event? {
        guard let event = events.popFirst() else { return nil }
        let bytes = event.arguments.byteCount
        byteCount -= bytes
        work.release(1, bytes)
        return event
    }

    /// Whether there are none.
    var isEmpty: Bool { events.isEmpty }

    /// Gives up all events, because their socket has ended.
    mutating func removeAll(from work: ConnectionWork?) {
        work?.release(events.count, byteCount)
        events = []
        byteCount = 0
    }
}
