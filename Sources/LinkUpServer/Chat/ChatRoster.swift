import EngineIO

/// Somebody in the chat of a room.
struct Person: Encodable, Equatable, Sendable {
    /// The id of the participant.
    var id: ParticipantID
    /// What the others see.
    var name: DisplayName
}

/// Who is in the chat of which room; kept in memory, as it means nothing after a restart.
struct ChatRoster: Sendable {
    /// Where a socket is, and as whom.
    struct Place: Equatable, Sendable {
        /// The room.
        var room: RoomName
        /// Who the socket is in it.
        var person: Person
        /// The network that the person comes from.
        var network: ClientNetwork
    }

    /// What became of a socket that entered.
    struct Entered: Equatable, Sendable {
        /// Where the socket was until now.
        var former: Place?
        /// The socket that the person had until now, where another one took its place.
        var replaced: SocketID?
        /// Who is in the room now, as many as are listed; the one who entered is among them.
        var people: [Person]
        /// How many are in the room now.
        var peopleCount: Int
    }

    /// The chat of one room.
    private struct Room: Sendable {
        /// The sockets, in the order of joining.
        var sockets: [SocketID] = []
        /// What may still be said.
        var budget = TokenBucket(Limits.roomBytes)
    }

    private let size: RoomSize
    private var rooms: [RoomName: Room] = [:]
    private var places: [SocketID: Place] = [:]

    /// Makes a roster of empty rooms.
    init(size: RoomSize = RoomSize()) {
        self.size = size
    }

    /// The rooms that somebody is in.
    var roomCount: Int { rooms.count }

    /// Where a socket is; `nil` when it has joined no room.
    func place(of socket: SocketID) -> Place? {
        places[socket]
    }

    /// Whether a socket finds a place in a room.
    /// - Throws: `room-full`.
    func checkPlace(
        in room: RoomName,
        for id: ParticipantID,
        _ network: ClientNetwork,
        _ socket: SocketID
    ) throws(RequestError) {
        let others = (rooms[room]?.sockets ?? []).filter { $0 != socket && places[$0]?.person.id != id }
        guard others.count < size.people else {
            throw .refused(.people, "This room already has \(size.people) people in its chat.")
        }
        guard others.count(where: { places[$0]?.network == network }) < size.peopleOfNetwork else {
            throw .refused(
                .networkPeople,
                "This room already has \(size.peopleOfNetwork) people of this network in its chat."
            )
        }
    }

    /// A socket enters a room; it leaves the one it was in.
    /// - Throws: `room-full`; then the socket is still where it was.
    mutating func enter(_ place: Place, socket: SocketID) throws(RequestError) -> Entered {
        try checkPlace(in: place.room, for: place.person.id, place.network, socket)
        let former = leave(socket)
        let replaced = rooms[place.room]?.sockets.first { places[$0]?.person.id == place.person.id }
        if let replaced { _ = leave(replaced) }
        rooms[place.room, default: Room()].sockets.append(socket)
        places[socket] = place
        let sockets = rooms[place.room]?.sockets ?? []
        var listed = Array(sockets.prefix(Limits.listedPeople))
        if sockets.count > listed.count { listed[listed.count - 1] = socket }
        return Entered(
            former: former,
            replaced: replaced,
            people: listed.compactMap { places[$0]?.person },
            peopleCount: sockets.count
        )
    }

    /// A socket leaves its room.
    /// - Returns: Where it was; `nil` when it was in none.
    mutating func leave(_ socket: SocketID) -> Place? {
        guard let place = places.removeValue(forKey: socket) else { return nil }
        rooms[place.room]?.sockets.removeAll { $0 == socket }
        if rooms[place.room]?.sockets.isEmpty == true { rooms[place.room] = nil }
        return place
    }

    /// Counts what is said in a room.
    /// - Throws: `too-many-requests` when so much was said that slow receivers would not keep up.
    mutating func say(byteCount: Int, in room: RoomName, at now: ContinuousClock.Instant) throws(RequestError) {
        if let wait = rooms[room]?.budget.take(byteCount, at: now) { throw .tooManyRequests(wait, .roomBytes) }
    }
}
