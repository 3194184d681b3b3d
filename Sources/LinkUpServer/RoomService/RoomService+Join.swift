import EngineIO
import SocketIO

extension RoomService {
    /// Listens first, reads then, and enters last: what happens meanwhile comes as an event, perhaps in the answer too, but
    /// is not lost; and whoever can't enter is still where it was.
    func join(
        _ arguments: RequestArguments,
        _ visit: RoomVisit,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<Joining> {
        guard try arguments.integer("version") == Self.version else { throw .version(Int(Self.version)) }
        let room = try RoomName(arguments.string("room"))
        let name = try DisplayName(arguments.string("name"))
        var generator = SystemRandomNumberGenerator()
        var arrival = Arrival(
            id: try keys.member(arguments, in: room) ?? .random(using: &generator),
            name: name,
            connection: visit.socket.id,
            network: visit.client.network.id
        )
        if let call = try arguments.objectIfPresent("call") {
            try visit.client.take(.credentials, at: now)
            arrival.call = try CallEntry(call)
        }
        try visit.checkRoom()
        // Who is not let in hears nothing of the room, not for a moment.
        let enters = try takes(arrival, in: room)
        let attempt = try visit.begin(room)
        guard enters else {
            return { [self, arrival] () throws(RequestError) in
                { [self] () throws(RequestError) in
                    guard visit.isUnderWay(attempt) else { throw .notJoined }
                    return try enter(room, arrival, visit, MessagePage(messages: [], more: false), 0)
                }
            }
        }
        visit.socket.join(Self.channel(of: room))
        return { [self, arrival] () throws(RequestError) in
            let page: MessagePage
            let lastNumber: Int64
            do throws(RequestError) {
                lastNumber = try await read { try await store.lastNumber(in: room) }
                page = try await read {
                    try await store.page(
                        in: room,
                        before: .max,
                        limit: Limits.historyPage,
                        maxBytes: Limits.historyBytes
                    )
                }
            } catch {
                return { [self] () throws(RequestError) in
                    giveUp(visit)
                    throw error
                }
            }
            return { [self] () throws(RequestError) in
                guard visit.isUnderWay(attempt) else { throw .notJoined }
                return try enter(room, arrival, visit, page, lastNumber)
            }
        }
    }

    /// Runs on the loop of the socket.
    private func enter(
        _ room: RoomName,
        _ arrival: Arrival,
        _ visit: RoomVisit,
        _ page: MessagePage,
        _ lastNumber: Int64
    ) throws(RequestError) -> Joining {
        let (now, time, socket) = (visit.now, time(), visit.socket)
        let (joined, epoch): (RoomDirectory.Joined, Int64)
        do throws(RequestError) {
            (joined, epoch) = try tryChange { directory, sockets throws(RequestError) in
                let (joined, outcomes) = try directory.join(room, arrival, at: now)
                sockets[socket.id] = socket
                return ((joined, directory.makeEpoch(time: time)), outcomes)
            }
        } catch {
            giveUp(visit)
            throw error
        }
        let key = keys.makeKey(room: room, id: arrival.id)
        guard case .entered(let call) = joined.admission else {
            giveUp(visit)
            return .waiting(key: key)
        }
        visit.endJoin()
        if let former = joined.former { socket.leave(Self.channel(of: former)) }
        socket.join(Self.channel(of: room))
        var iceServers: [ICEServer]?
        if case .entered(let relayUser, _) = call {
            iceServers = visit.renewal.start(for: relayUser, socket)
        } else {
            visit.renewal.stop()
            if case .refused(let error) = call { visit.client.refuse(error, nil) }
        }
        return .joined(
            RoomJoined(
                id: arrival.id,
                key: key,
                room: RoomView(name: room, settings: joined.settings),
                members: joined.members,
                memberCount: joined.memberCount,
                messages: page.messages,
                more: page.more,
                lastNumber: lastNumber,
                call: call,
                iceServers: iceServers,
                epoch: epoch
            )
        )
    }

    /// A `join` has not led into the room: the socket is where it was.
    private func giveUp(_ visit: RoomVisit) {
        guard let room = visit.endJoin(), (try? place(of: visit.socket.id))?.room != room else { return }
        visit.socket.leave(Self.channel(of: room))
    }

    /// Reads from the store.
    /// - Throws: `internal`; the store says in the log what is wrong.
    func read<Value: Sendable>(_ body: () async throws -> Value) async throws(RequestError) -> Value {
        do {
            // Whoever asked may be gone.
            try Task.checkCancellation()
            return try await body()
        } catch {
            throw .internal
        }
    }
}

/// The result of `join`.
enum Joining: Encodable, Sendable {
    /// The member is in.
    case joined(RoomJoined)
    /// It waits to be let in, and joins again with this key.
    case waiting(key: String)

    private enum CodingKeys: String, CodingKey {
        case waiting
        case key
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .joined(let joined): try joined.encode(to: encoder)
        case .waiting(let key):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(true, forKey: .waiting)
            try container.encode(key, forKey: .key)
        }
    }
}

/// What a member is told when it is in.
struct RoomJoined: Encodable, Sendable {
    var version = RoomService.version
    var capabilities = RoomService.capabilities
    var id: MemberID
    var key: String
    var room: RoomView
    var members: [MemberView]
    var memberCount: Int
    var messages: [Message]
    var more: Bool
    var lastNumber: Int64
    var call: CallAdmission?
    var iceServers: [ICEServer]?
    var epoch: Int64

    private enum CodingKeys: String, CodingKey {
        case version
        case capabilities
        case id = "self"
        case key
        case room
        case members
        case memberCount
        case messages
        case more
        case lastNumber
        case call
        case iceServers
        case epoch
    }
}

extension CallAdmission: Encodable {
    private enum CodingKeys: String, CodingKey {
        case forgottenBy
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .refused(let error): try error.encode(to: encoder)
        case .entered(_, let forgottenBy):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(forgottenBy, forKey: .forgottenBy)
        }
    }
}
