import EngineIO
import HeapModule
import Networking

/// All rooms, and the place of each connection in them.
///
/// Holds the rules that go beyond one room: a connection is in one room at a time, a network has so many places in calls,
/// and a join that is refused leaves the connection where it was.
struct RoomDirectory: Sendable {
    /// Where a connection is, and as whom.
    struct Place: Equatable, Sendable {
        /// The room.
        var room: RoomName
        /// The member.
        var id: MemberID
        /// Whether it waits to be let in.
        var isWaiting = false
    }

    /// What is to be done, and for which room.
    struct Outcome: Equatable, Sendable {
        /// The room.
        var room: RoomName
        /// What is to be done in it.
        var effect: RoomEffect
    }

    /// Somebody has joined, or waits.
    struct Joined: Equatable, Sendable {
        /// What became of it.
        var admission: Admission
        /// What is set in the room.
        var settings: RoomSettings
        /// The members that it is told of.
        var members: [MemberView]
        /// How many members there are.
        var memberCount: Int
        /// The room that it was in, and has left for this one.
        var former: RoomName?
    }

    /// How many rooms and people there are.
    struct Census: Equatable, Sendable {
        /// Rooms in which somebody is.
        var rooms = 0
        /// Members of all rooms, those who are away among them.
        var people = 0
        /// Those of them who are in a call.
        var inCalls = 0
        /// Those who wait to be let in.
        var waiting = 0
    }

    private struct Deadline: Comparable, Sendable {
        var time: ContinuousClock.Instant
        var room: RoomName

        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
    }

    private let size: RoomSize
    private var rooms: [RoomName: Room] = [:]
    private var places: [SocketID: Place] = [:]
    /// How many places in calls those of a network have; those that are kept for somebody count too.
    private var seats: [ClientNetwork: Int] = [:]
    /// When rooms want to be asked; of rooms whose deadline moved, old entries are still in it.
    private var deadlines = Heap<Deadline>()
    /// The earliest entry of each room in it.
    private var asked: [RoomName: ContinuousClock.Instant] = [:]
    private var lastEpoch: Int64 = 0

    /// Makes a directory without rooms.
    /// - Parameter size: How many members a room takes.
    init(size: RoomSize = RoomSize()) {
        self.size = size
    }

    /// How many rooms somebody is in.
    var roomCount: Int { rooms.count }

    /// How many there are of all kinds of people.
    var census: Census {
        var census = Census(rooms: rooms.count)
        for room in rooms.values {
            census.people += room.memberCount
            census.inCalls += room.callCount
            census.waiting += room.waiters.count
        }
        return census
    }

    /// When to call ``timeout(at:)`` next; `nil` when no room waits for anything.
    var nextDeadline: ContinuousClock.Instant? { deadlines.min?.time }

    /// A room in which somebody is.
    func room(_ name: RoomName) -> Room? { rooms[name] }

    /// Where a connection is; `nil` when it is in no room, or waits to be let in.
    func place(of connection: SocketID) -> Place? {
        places[connection].flatMap { $0.isWaiting ? nil : $0 }
    }

    /// Where a connection is.
    /// - Throws: `not-joined`.
    func requirePlace(of connection: SocketID) throws(RequestError) -> Place {
        guard let place = place(of: connection) else { throw .notJoined }
        return place
    }

    /// Whether somebody would enter a room if it wanted to now.
    /// - Returns: `false` when it would have to wait.
    /// - Throws: `denied`, `locked` or `room-full`.
    func takes(_ arrival: Arrival, in name: RoomName) throws(RequestError) -> Bool {
        guard let room = rooms[name] else { return true }
        return try room.takes(arrival)
    }

    /// A connection enters a room; it leaves the one that it is in.
    /// - Returns: What it is told, and what is to be done.
    /// - Throws: `denied`, `locked` or `room-full`; then the connection is still where it was.
    mutating func join(
        _ name: RoomName,
        _ arrival: Arrival,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (joined: Joined, outcomes: [Outcome]) {
        let former = places[arrival.connection]
        var arrival = arrival
        arrival.call?.hasPlace = hasSeat(arrival.network, former: former)
        if rooms[name] == nil { rooms[name] = Room(size: size) }
        defer { settle(name) }
        guard let result = try rooms[name]?.join(arrival, at: now) else { throw .internal }
        var outcomes: [Outcome] = []
        let isElsewhere = former.map { $0.room != name || $0.id != arrival.id } ?? false
        if let former, isElsewhere {
            outcomes = leave(former, arrival.connection, at: now)
        }
        places[arrival.connection] = Place(room: name, id: arrival.id, isWaiting: result.admission == .waiting)
        outcomes += carryOut(result.effects, in: name)
        let joined = Joined(
            admission: result.admission,
            settings: rooms[name]?.settings ?? RoomSettings(),
            members: rooms[name]?.membersTold(to: arrival.id) ?? [],
            memberCount: rooms[name]?.memberCount ?? 0,
            former: former.flatMap { $0.room == name ? nil : $0.room }
        )
        return (joined, outcomes)
    }

    /// A connection enters the call of its room.
    /// - Throws: `not-joined`, `not-allowed` or `call-full`.
    mutating func enter(
        _ entry: CallEntry,
        through connection: SocketID,
        network: ClientNetwork,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (relayUser: String, forgottenBy: [MemberID], outcomes: [Outcome]) {
        let place = try requirePlace(of: connection)
        var entry = entry
        entry.hasPlace = hasSeat(network, former: nil)
        defer { settle(place.room) }
        guard let result = try rooms[place.room]?.enter(entry, place.id, through: connection, at: now) else {
            throw .notJoined
        }
        return (result.relayUser, result.forgottenBy, carryOut(result.effects, in: place.room))
    }

    /// A connection asks for something in its room.
    /// - Throws: Why it may not.
    mutating func receive(
        _ request: RoomRequest,
        through connection: SocketID,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (place: Place, outcomes: [Outcome]) {
        let place = try requirePlace(of: connection)
        defer { settle(place.room) }
        let effects = try rooms[place.room]?.receive(request, from: place.id, through: connection, at: now)
        guard let effects else { throw .notJoined }
        return (place, carryOut(effects, in: place.room))
    }

    /// A connection leaves its room; does nothing if it is in none.
    mutating func leave(_ connection: SocketID, at now: ContinuousClock.Instant) -> [Outcome] {
        guard let place = places[connection] else { return [] }
        return leave(place, connection, at: now)
    }

    /// A connection is lost, perhaps because the page behind it is closed.
    mutating func connectionLost(
        _ connection: SocketID,
        hasPageClosed: Bool,
        at now: ContinuousClock.Instant
    ) -> [Outcome] {
        guard let place = places.removeValue(forKey: connection) else { return [] }
        return change(place.room) { room in
            if place.isWaiting { return room.ceaseWaiting(connection, at: now) }
            if hasPageClosed { return room.pageCloses(place.id, connection, at: now) }
            return room.connectionLost(place.id, connection, at: now)
        }
    }

    /// The page behind a connection of a member says that it is being closed.
    mutating func pageCloses(
        _ connection: SocketID,
        of id: MemberID,
        in room: RoomName,
        at now: ContinuousClock.Instant
    ) -> [Outcome] {
        if let place = places[connection] {
            guard place.room == room, place.id == id else { return [] }
            places[connection] = nil
            guard !place.isWaiting else { return change(room) { $0.ceaseWaiting(connection, at: now) } }
        }
        return change(room) { $0.pageCloses(id, connection, at: now) } + [
            Outcome(room: room, effect: .putOut(connection))
        ]
    }

    /// Times may be over.
    mutating func timeout(at now: ContinuousClock.Instant) -> [Outcome] {
        var outcomes: [Outcome] = []
        while let next = deadlines.min, next.time <= now {
            deadlines.removeMin()
            if asked[next.room] == next.time { asked[next.room] = nil }
            outcomes += change(next.room) { $0.timeout(at: now) }
        }
        return outcomes
    }

    /// Makes the number of an answer: above all numbers before, over restarts too while the clock doesn't run back.
    /// - Parameter time: Milliseconds since 1970.
    /// - Returns: The number.
    mutating func makeEpoch(time: Int64) -> Int64 {
        lastEpoch = max(lastEpoch &+ 1, time)
        return lastEpoch
    }

    private func hasSeat(_ network: ClientNetwork, former: Place?) -> Bool {
        // Who moves from another call gives up a place of the same network.
        let frees = former.flatMap { rooms[$0.room]?.member($0.id)?.seat } == nil ? 0 : 1
        return seats[network, default: 0] - frees < Limits.participantsOfNetwork
    }

    private mutating func leave(_ place: Place, _ connection: SocketID, at now: ContinuousClock.Instant) -> [Outcome] {
        places[connection] = nil
        return change(place.room) { room in
            place.isWaiting
                ? room.ceaseWaiting(connection, at: now) : room.leave(place.id, through: connection, at: now)
        }
    }

    private mutating func change(_ name: RoomName, _ body: (inout Room) -> [RoomEffect]) -> [Outcome] {
        guard rooms[name] != nil else { return [] }
        let effects = body(&rooms[name, default: Room()])
        let outcomes = carryOut(effects, in: name)
        settle(name)
        return outcomes
    }

    /// Counts what effects say, and hands on the rest.
    private mutating func carryOut(_ effects: [RoomEffect], in room: RoomName) -> [Outcome] {
        for effect in effects {
            switch effect {
            case .seatTaken(let network): seats[network, default: 0] += 1
            case .seatFreed(let network, _):
                let left = seats[network, default: 1] - 1
                seats[network] = left > 0 ? left : nil
            case .putOut(let connection): places[connection] = nil
            default: break
            }
        }
        return effects.map { Outcome(room: room, effect: $0) }
    }

    /// Forgets a room that is empty, and notes when it wants to be asked.
    private mutating func settle(_ name: RoomName) {
        guard let room = rooms[name] else { return }
        guard !room.isEmpty else {
            rooms[name] = nil
            return
        }
        guard let deadline = room.nextDeadline, asked[name].map({ deadline < $0 }) ?? true else { return }
        asked[name] = deadline
        deadlines.insert(Deadline(time: deadline, room: name))
    }
}
