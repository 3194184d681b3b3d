import EngineIO
import Logging

// MARK: - Rooms

extension Socket {
    /// Puts the socket into a room; nothing happens when it is disconnected.
    ///
    /// Rooms are the same if their names have the same bytes. JavaScript's strings may have halves of surrogate pairs,
    /// which all become U+FFFD here: a name with it is refused, logged and counted, because rooms that a client keeps
    /// apart would be one.
    public func join(_ room: String) { join([room]) }

    /// Puts the socket into rooms; nothing happens when it is disconnected.
    public func join(_ rooms: [String]) {
        runInOrder { [self] in
            switch phase {
            case .connecting: makeEarly().rooms += rooms
            case .starting, .connected: for room in rooms { roomIndex.join(room, self) }
            case .disconnecting, .disconnected: break
            }
        }
    }

    /// Takes the socket out of a room; it can't leave its own.
    public func leave(_ room: String) {
        runInOrder { [self] in
            early?.rooms.removeAll { $0.isExactly(room) }
            roomIndex.leave(room, self)
        }
    }

    /// The rooms that the socket is in, its own among them; for use on its loop, as in synchronous handlers.
    ///
    /// Elsewhere use ``fetchRooms()``.
    public var rooms: RoomNames {
        precondition(connection.loop.isCurrent, "rooms is for the socket's loop; use fetchRooms() elsewhere")
        return currentRooms
    }

    /// The rooms that the socket is in, its own among them.
    public nonisolated(nonsending) func fetchRooms() async -> RoomNames {
        await withCheckedContinuation { continuation in
            connection.loop.run { continuation.resume(returning: self.currentRooms) }
        }
    }

    /// Whether the socket is in fewer rooms than it may be.
    func mayJoinAnother(_ room: String) -> Bool {
        if room.hasReplacementCharacter {
            counters.statistics.roomsRefused += 1
            namespace.logger?.info(
                "a socket did not join a room: its name has half of a surrogate pair, or U+FFFD",
                metadata: ["socket": "\(id)", "namespace": "\(namespace.name)", "room": "\(room)"]
            )
            return false
        }
        let limit = client.server.configuration.maxRoomsPerSocket
        if places.count < limit { return true }
        counters.statistics.roomsRefused += 1
        namespace.logger?.error(
            "a socket did not join a room: it is in as many as it may be",
            metadata: ["socket": "\(id)", "namespace": "\(namespace.name)", "room": "\(room)", "limit": "\(limit)"]
        )
        return false
    }

    var currentRooms: RoomNames {
        guard isConnected else { return [] }
        var rooms = RoomNames(places.lazy.map(\.room.name))
        rooms.insert(id)
        return rooms
    }
}
