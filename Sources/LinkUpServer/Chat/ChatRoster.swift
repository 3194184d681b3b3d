/// Somebody in the chat of a room.
struct Person: Encodable, Equatable, Sendable {
    /// The id of the participant.
    var id: SocketID
    /// What the others see.
    var name: DisplayName
}

/// Who is in the chat of which room; kept in memory, as it means nothing after a restart.
struct ChatRoster: Sendable {
    /// Where somebody is.
    struct Place: Equatable, Sendable {
        /// The room.
        var room: RoomName
        /// The name the person joined with.
        var name: DisplayName
    }

    private var rooms: [RoomName: [Person]] = [:]
    private var places: [SocketID: Place] = [:]

    /// The rooms that somebody is in.
    var roomCount: Int { rooms.count }

    /// Where a socket is; `nil` when it has joined no room.
    func place(of socket: SocketID) -> Place? {
        places[socket]
    }

    /// Everybody in a room, in the order of joining.
    func people(in room: RoomName) -> [Person] {
        rooms[room] ?? []
    }

    /// A socket enters a room; the caller has made it leave the one it was in.
    mutating func enter(_ room: RoomName, name: DisplayName, socket: SocketID) {
        _ = leave(socket)
        rooms[room, default: []].append(Person(id: socket, name: name))
        places[socket] = Place(room: room, name: name)
    }

    /// A socket leaves its room.
    /// - Returns: The room; `nil` when it was in none.
    mutating func leave(_ socket: SocketID) -> RoomName? {
        guard let place = places.removeValue(forKey: socket) else { return nil }
        rooms[place.room]?.removeAll { $0.id == socket }
        if rooms[place.room]?.isEmpty == true { rooms[place.room] = nil }
        return place.room
    }
}
