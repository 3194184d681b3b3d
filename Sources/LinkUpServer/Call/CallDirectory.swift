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

    /// A participant that is waited for.
    struct Absence: Equatable, Sendable {
        /// Who is waited for, and where.
        var seat: Seat
        /// Until when; call ``CallDirectory/expire(_:at:)`` then.
        var deadline: ContinuousClock.Instant
        /// What the others are told.
        var deliveries: [CallDelivery]
    }

    private var rooms: [RoomName: CallRoom] = [:]
    private var seats: [SocketID: Seat] = [:]
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
    ///   - socket: The socket.
    /// - Returns: Who the socket is now, and what it and the others are told.
    /// - Throws: `room-full`; then the socket is still where it was.
    mutating func join(
        _ room: RoomName,
        name: DisplayName,
        resumed: ParticipantID?,
        newID: ParticipantID,
        socket: SocketID
    ) throws(RequestError) -> CallRoom.Joined {
        let former = seats[socket]
        var call = rooms[room] ?? CallRoom()
        var farewell: [CallDelivery] = []
        if let former, former.room == room, former.id != resumed {
            farewell = call.leave(former.id)
        }
        var joined: CallRoom.Joined
        if let resumed, let returned = call.resume(resumed, name: name, socket: socket) {
            joined = returned
        } else {
            guard !call.isFull else {
                throw RequestError(
                    code: .roomFull,
                    message: "This room already has \(Limits.participants) people in its call."
                )
            }
            joined = call.join(resumed ?? newID, name: name, socket: socket)
        }
        if let former, former.room != room {
            farewell = leave(former)
        }
        if let replaced = joined.replaced { seats[replaced] = nil }
        joined.deliveries.insert(contentsOf: farewell, at: 0)
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
        guard let seat = seats.removeValue(forKey: socket), var call = rooms[seat.room] else { return nil }
        let deadline = now + Limits.grace
        let deliveries = call.connectionLost(seat.id, until: deadline)
        rooms[seat.room] = call
        return Absence(seat: seat, deadline: deadline, deliveries: deliveries)
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

    /// Finds out who sends a signal, and to which socket it goes.
    /// - Throws: `not-joined`, `unknown-peer` or `peer-away`.
    func route(
        from socket: SocketID,
        to id: ParticipantID
    ) throws(RequestError) -> (sender: ParticipantID, receiver: SocketID) {
        let seat = try seat(of: socket)
        guard let call = rooms[seat.room] else { throw .notJoined }
        return (seat.id, try call.route(from: seat.id, to: id))
    }

    /// Makes the number of a `join`: above all numbers before, over restarts too while the clock doesn't run back.
    /// - Parameter time: Milliseconds since 1970.
    /// - Returns: The number.
    mutating func makeEpoch(time: Int64) -> Int64 {
        lastEpoch = max(lastEpoch + 1, time)
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
        rooms[room] = call.isEmpty ? nil : call
        return deliveries
    }
}
