import EngineIO
import Locking
import SocketIO

/// The namespace `/room`: ties ``RoomDirectory`` to sockets, timers, keys and the history.
///
/// Sockets of a room live on different loops, so the directory is behind a mutex. What a change asks for is carried out in
/// the order of the changes, after the answer to whoever asked; see ``RoomOutbox``.
final class RoomService: Sendable {
    /// The version of `docs/protocol.md` that is spoken.
    static let version: Int64 = 1
    /// What the server can do beside version 1.
    static let capabilities: [String] = []

    private struct State {
        var directory: RoomDirectory
        var outbox = RoomOutbox()
        /// The sockets that have joined a room.
        var sockets: [SocketID: Socket] = [:]
        /// Where the timer runs; any loop does.
        var loop: (any EngineLoop)?
        var alarm: (deadline: ContinuousClock.Instant, timer: EngineTimer)?
    }

    let store: any MessageStore
    let keys: RoomKeys
    let iceServers: ICEServers
    let limits: ClientLimits
    let time: @Sendable () -> Int64
    private let namespace: Namespace
    private let onDeparture: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// Makes a service.
    /// - Parameters:
    ///   - namespace: Where it serves, once ``serve()`` is called.
    ///   - store: The history; its changes must be given to ``announce(_:in:of:)``.
    ///   - keys: Makes and checks the members' keys.
    ///   - iceServers: Where the STUN and TURN server is, and what it accepts.
    ///   - limits: What each client has done.
    ///   - size: How many members a room takes.
    ///   - onDeparture: Told when somebody has left a call for good; gets whom its credentials for the TURN server are
    ///     for, which are to end.
    ///   - time: The time of day, in milliseconds since 1970.
    init(
        namespace: Namespace,
        store: any MessageStore,
        keys: RoomKeys,
        iceServers: ICEServers,
        limits: ClientLimits,
        size: RoomSize = RoomSize(),
        onDeparture: @escaping @Sendable (String) -> Void = { _ in },
        time: @escaping @Sendable () -> Int64
    ) {
        self.namespace = namespace
        self.store = store
        self.keys = keys
        self.iceServers = iceServers
        self.limits = limits
        self.onDeparture = onDeparture
        self.time = time
        state = Mutex(State(directory: RoomDirectory(size: size)))
    }

    /// The Socket.IO room of a room; no room's name has a colon, so none is taken for a socket's own room.
    static func channel(of room: RoomName) -> String { "room:\(room.value)" }

    /// Sends a message that was stored, or changed, to everybody in its room; whoever said it has it by its answer.
    static func announce(_ message: Message, in room: RoomName, of namespace: Namespace) {
        namespace.to(channel(of: room)).emit("message", message)
    }

    /// How many rooms and people there are.
    var census: RoomDirectory.Census { state.withLock { $0.directory.census } }

    /// Serves the sockets that join the namespace from now on.
    func serve() {
        limits.guardJoins(of: namespace)
        namespace.onConnection { [self] socket in
            let id = socket.id
            let visit = RoomVisit(socket, limits: limits, iceServers: iceServers, time: time) { [weak self] user in
                self?.isInCall(id, as: user) ?? false
            }
            serve(visit)
            socket.onDisconnect { [self] reason in
                visit.end()
                switch reason {
                // The client wants to go, or is sent away: nobody is to wait for it.
                case .clientNamespaceDisconnect, .serverNamespaceDisconnect, .forcedServerClose, .parseError,
                    .payloadTooLarge, .rateLimited:
                    leave(visit)
                case .goingAway: connectionLost(visit, hasPageClosed: true)
                // The network may be to blame, or the server.
                case .transportError, .transportClose, .forcedClose, .pingTimeout, .sendTimeout, .bufferOverflow,
                    .serverShuttingDown:
                    connectionLost(visit)
                }
            }
        }
    }

    /// The page behind a connection says that it is being closed.
    /// - Parameters:
    ///   - room: The room.
    ///   - key: The key of a member; nothing happens when it is of none.
    ///   - connection: Which of its connections.
    func pageCloses(_ room: String, key: String, connection: SocketID) {
        guard let name = try? RoomName(room), let id = keys.verify(key, room: name) else { return }
        guard let loop = state.withLock({ $0.loop }) else { return }
        loop.execute { [self] in
            change { directory, _ in ((), directory.pageCloses(connection, of: id, in: name, at: loop.now)) }
            flush()
        }
    }
}

// MARK: - Changing rooms

extension RoomService {
    /// Changes the directory; what that asks for is carried out by ``flush()``.
    /// - Parameter body: Makes the change, which is none where it throws; gets the sockets of all members too.
    /// - Returns: What the change results in.
    /// - Throws: Why there is no change.
    func tryChange<Result: Sendable>(
        _ body: (inout RoomDirectory, inout [SocketID: Socket]) throws(RequestError) -> (
            Result, [RoomDirectory.Outcome]
        )
    ) throws(RequestError) -> Result {
        let (result, departed) = state.withLock { state in
            let result = Swift.Result { () throws(RequestError) in
                try body(&state.directory, &state.sockets)
            }
            guard case .success(let (_, outcomes)) = result else { return (result.map(\.0), [String]()) }
            state.outbox.append(outcomes)
            return (result.map(\.0), outcomes.compactMap(\.endedUser))
        }
        for user in departed { onDeparture(user) }
        return try result.get()
    }

    /// Changes the directory in a way that can't fail.
    func change<Result: Sendable>(
        _ body: (inout RoomDirectory, inout [SocketID: Socket]) -> (Result, [RoomDirectory.Outcome])
    ) -> Result {
        let (result, departed) = state.withLock { state in
            let (result, outcomes) = body(&state.directory, &state.sockets)
            state.outbox.append(outcomes)
            return (result, outcomes.compactMap(\.endedUser))
        }
        for user in departed { onDeparture(user) }
        return result
    }

    /// Carries out what changes have asked for, unless somebody is at it, and sees to the timer.
    func flush() {
        var outcomes = state.withLock { $0.outbox.begin() }
        while let current = outcomes {
            for outcome in current {
                if case .putOut(let connection) = outcome.effect {
                    putOut(connection, of: outcome.room)
                } else {
                    namespace.carryOut(outcome)
                }
            }
            outcomes = state.withLock { $0.outbox.next() }
        }
        setAlarm()
    }

    /// Lets a connection hear nothing more of a room, unless it has come back meanwhile.
    private func putOut(_ connection: SocketID, of room: RoomName) {
        guard let socket = state.withLock({ $0.sockets[connection] }) else { return }
        let leave: @Sendable () -> Void = { [self] in
            guard (try? place(of: connection))?.room != room else { return }
            socket.leave(Self.channel(of: room))
        }
        // At once where it can be: what follows is not for it.
        if socket.connection.loop.isCurrent { leave() } else { socket.connection.loop.execute(leave) }
    }

    /// Whether somebody would enter a room if it wanted to now.
    /// - Returns: `false` when it would have to wait.
    /// - Throws: `denied`, `locked` or `room-full`.
    func takes(_ arrival: Arrival, in room: RoomName) throws(RequestError) -> Bool {
        let result = state.withLock { state in
            Result { () throws(RequestError) in try state.directory.takes(arrival, in: room) }
        }
        return try result.get()
    }

    /// Where a connection is.
    /// - Throws: `not-joined`.
    func place(of connection: SocketID) throws(RequestError) -> RoomDirectory.Place {
        let place = state.withLock { $0.directory.place(of: connection) }
        guard let place else { throw .notJoined }
        return place
    }

    /// Whether a member may do what needs a permission.
    func may(_ permission: Permission, _ place: RoomDirectory.Place) -> Bool {
        state.withLock { $0.directory.room(place.room)?.member(place.id)?.role.may(permission) ?? false }
    }

    /// What a member is called.
    func name(of place: RoomDirectory.Place) -> DisplayName? {
        state.withLock { $0.directory.room(place.room)?.member(place.id)?.name }
    }

    /// Whether a connection is in the call, as whom the TURN server knows it by.
    private func isInCall(_ connection: SocketID, as relayUser: String) -> Bool {
        state.withLock { state in
            let place = state.directory.place(of: connection)
            let seat = place.flatMap { state.directory.room($0.room)?.member($0.id)?.seat }
            return seat?.connection == connection && seat?.relayUser == relayUser
        }
    }

    /// Notes a loop on which the timer can run.
    func use(_ loop: any EngineLoop) {
        state.withLock { state in
            if state.loop == nil { state.loop = loop }
        }
    }

    private func setAlarm() {
        state.withLock { state in
            guard let loop = state.loop, let deadline = state.directory.nextDeadline else { return }
            guard state.alarm.map({ deadline < $0.deadline }) ?? true else { return }
            state.alarm?.timer.cancel()
            state.alarm = (deadline, loop.schedule(at: deadline) { [weak self] in self?.timeout(at: deadline) })
        }
    }

    private func timeout(at now: ContinuousClock.Instant) {
        state.withLock { state in
            if state.alarm?.deadline == now { state.alarm = nil }
        }
        change { directory, _ in ((), directory.timeout(at: now)) }
        flush()
    }

    private func leave(_ visit: RoomVisit) {
        let (id, now) = (visit.socket.id, visit.now)
        change { directory, sockets in
            sockets[id] = nil
            return ((), directory.leave(id, at: now))
        }
        flush()
    }

    private func connectionLost(_ visit: RoomVisit, hasPageClosed: Bool = false) {
        let (id, now) = (visit.socket.id, visit.now)
        change { directory, sockets in
            sockets[id] = nil
            return ((), directory.connectionLost(id, hasPageClosed: hasPageClosed, at: now))
        }
        flush()
    }
}

extension RoomDirectory.Outcome {
    /// Whose credentials end with it.
    var endedUser: String? {
        guard case .seatFreed(_, let user) = effect else { return nil }
        return user
    }
}
