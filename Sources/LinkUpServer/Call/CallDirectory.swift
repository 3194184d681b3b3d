import EngineIO

/// The calls of all rooms, and the place of each socket in them.
///
/// Holds the rules of `/call` that go beyond one room: a socket takes part in one call at a time, a participant is
/// reached through one socket at a time, and a request that is refused changes nothing.
struct CallDirectory: Sendable {
    /// Where a socket takes part, and as whom.
    struct Seat: Equatable, Sendable {
        /// The room of the call.
        var room: RoomName
        /// Who the socket is in it.
        var id: ParticipantID
    }

    /// A participant that has lost its connection.
    struct Absence: Equatable, Sendable {
        /// Who is waited for, and where.
        var seat: Seat
        /// Until when, which is when to call ``CallDirectory/expire(_:at:)``; `nil` when it is not waited for.
        var deadline: ContinuousClock.Instant?
        /// What the others are told.
        var deliveries: [CallDelivery]
    }

    private var rooms: [RoomName: CallRoom] = [:]
    private var seats: [SocketID: Seat] = [:]
    /// How many places in all calls those of a network have; those that are kept for somebody count too.
    private var places: [ClientNetwork: Int] = [:]
    private var departed: [String] = []
    private var lastEpoch: Int64 = 0

    /// The rooms in which somebody is in a call or waited for.
    var roomCount: Int { rooms.count }

    /// The call of a room, if there is one.
    func call(in room: RoomName) -> CallRoom? {
        rooms[room]
    }

    /// A socket joins the call of a room; it leaves the one it is in.
    /// - Parameters:
    ///   - room: The room.
    ///   - name: What the others see.
    ///   - resumed: Who the socket has proved to have been in this room, if it has.
    ///   - newID: Who it becomes otherwise.
    ///   - origin: Where it comes from.
    ///   - now: The time.
    /// - Returns: Who the socket is now, and what it and the others are told.
    /// - Throws: `room-full`; then the socket is still where it was.
    mutating func join(
        _ room: RoomName,
        name: DisplayName,
        resumed: ParticipantID?,
        newID: ParticipantID,
        from origin: Origin,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> CallRoom.Joined {
        let socket = origin.socket
        let former = seats[socket]
        var call = rooms[room] ?? CallRoom()
        var farewell: [CallDelivery] = []
        if let former, former.room == room, former.id != resumed {
            farewell = call.leave(former.id)
        }
        var joined: CallRoom.Joined
        let before = resumed.flatMap { call.network(of: $0) }
        if let resumed, let returned = call.resume(resumed, name: name, from: origin) {
            joined = returned
        } else {
            if call.isFull { farewell += call.makePlace() }
            guard !call.isFull else {
                throw .refused(
                    .participants,
                    "This room already has \(Limits.participants) people in its call."
                )
            }
            // Who moves to another call gives up a place of the same network.
            guard former != nil || places[origin.network, default: 0] < Limits.participantsOfNetwork else {
                throw .refused(
                    .networkParticipants,
                    "\(Limits.participantsOfNetwork) people of this network are in calls already."
                )
            }
            joined = call.join(resumed ?? newID, name: name, from: origin, at: now)
        }
        places[origin.network, default: 0] += 1
        if let before { freePlace(of: before) }
        if let former, former.room != room {
            farewell += leave(former)
        }
        if let replaced = joined.replaced { seats[replaced] = nil }
        joined.deliveries.insert(contentsOf: farewell, at: 0)
        settle(&call)
        rooms[room] = call
        seats[socket] = Seat(room: room, id: joined.id)
        return joined
    }

    /// A socket leaves its call for good; does nothing if it is in none.
    mutating func leave(_ socket: SocketID) -> [CallDelivery] {
        guard let seat = seats.removeValue(forKey: socket) else { return [] }
        return leave(seat)
    }

    /// A socket is gone without having left.
    /// - Returns: `nil` when it was in no call, or another socket has taken its place.
    mutating func connectionLost(_ socket: SocketID, at now: ContinuousClock.Instant) -> Absence? {
        guard let seat = seats.removeValue(forKey: socket) else { return nil }
        let deadline = now + Limits.grace
        let deliveries = change(seat.room) { $0.connectionLost(seat.id, until: deadline, at: now) }
        let isKept = rooms[seat.room]?.contains(seat.id) == true
        return Absence(seat: seat, deadline: isKept ? deadline : nil, deliveries: deliveries)
    }

    /// The names by which the TURN server knows those who have left for good since the last call.
    mutating func takeDeparted() -> [String] {
        defer { departed = [] }
        return departed
    }

    /// The time that a participant was given may be over.
    mutating func expire(_ seat: Seat, at now: ContinuousClock.Instant) -> [CallDelivery] {
        change(seat.room) { $0.expire(seat.id, at: now) }
    }

    /// A socket says what it sends.
    /// - Throws: `not-joined`.
    mutating func setStatus(_ status: MediaStatus, socket: SocketID) throws(RequestError) -> [CallDelivery] {
        let seat = try seat(of: socket)
        return change(seat.room) { $0.setStatus(status, of: seat.id) }
    }

    /// Finds out who sends a signal, and to which socket it goes, and counts its bytes.
    /// - Throws: `not-joined`, `unknown-peer`, `peer-away` or `too-many-requests`.
    mutating func route(
        from socket: SocketID,
        to id: ParticipantID,
        byteCount: Int,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (sender: ParticipantID, receiver: SocketID) {
        let seat = try seat(of: socket)
        let receiver = try rooms[seat.room]?.route(from: seat.id, to: id, byteCount: byteCount, at: now)
        guard let receiver else { throw .notJoined }
        return (seat.id, receiver)
    }

    /// Makes the number of a `join`: above all numbers before, over restarts too while the clock doesn't run back.
    /// - Parameter time: Milliseconds since 1970.
    /// - Returns: The number.
    mutating func makeEpoch(time: Int64) -> Int64 {
        lastEpoch = max(lastEpoch &+ 1, time)
        return lastEpoch
    }

    private func seat(of socket: SocketID) throws(RequestError) -> Seat {
        guard let seat = seats[socket] else { throw .notJoined }
        return seat
    }

    private mutating func leave(_ seat: Seat) -> [CallDelivery] {
        change(seat.room) { $0.leave(seat.id) }
    }

    private mutating func change(
        _ room: RoomName,
        _ body: (inout CallRoom) -> [CallDelivery]
    ) -> [CallDelivery] {
        guard var call = rooms[room] else { return [] }
        let deliveries = body(&call)
        settle(&call)
        rooms[room] = call.isEmpty ? nil : call
        return deliveries
    }

    /// Frees the places of those who have left a call for good.
    private mutating func settle(_ call: inout CallRoom) {
        for participant in call.takeDeparted() {
            freePlace(of: participant.network)
            departed.append(participant.relayUser)
        }
    }

    private mutating func freePlace(of network: ClientNetwork) {
        guard let count = places[network] else { return }
        places[network] = count > 1 ? count - 1 : nil
    }
}
