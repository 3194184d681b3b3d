import EngineIO

/// The sockets of one namespace on one loop, and the rooms they are in.
///
/// Unchecked: touched only on ``loop``.
final class RoomIndex: @unchecked Sendable {
    /// A room, which exists as long as somebody is in it.
    final class Room {
        let name: String
        var members: ContiguousArray<Socket> = []

        init(name: String) {
            self.name = name
        }
    }

    /// A socket's place in a room, kept by the socket so that leaving costs no search.
    struct Place {
        let room: Room
        var index: Int
    }

    let loop: any EngineLoop
    /// Keeps this index.
    weak let owner: LoopShard?

    /// The place among the queues of ``Recovery``; set before anybody else knows this index.
    var recoveryPlace = 0
    /// Whether ``Recovery`` is delivering here.
    var isDelivering = false
    /// Up to where ``Recovery`` delivers here.
    var deliveryGoal: UInt64 = 0
    /// Is told of rooms, in a cluster.
    private let cluster: Cluster?

    private(set) var sockets: ContiguousArray<Socket> = []
    /// Stands for the room of its own that every socket is in.
    private var socketsByID: [ExactString: Socket] = [:]
    private var rooms: [ExactString: Room] = [:]
    /// Marks the sockets that a broadcast has reached or must not reach.
    private var mark: UInt32 = 0

    init(owner: LoopShard, cluster: Cluster?) {
        self.cluster = cluster
        loop = owner.loop
        self.owner = owner
    }

    /// Enters a socket.
    func insert(_ socket: Socket) {
        socket.index = sockets.count
        sockets.append(socket)
        socketsByID[ExactString(socket.id)] = socket
        cluster?.socketJoined(socket.id, socket.id)
    }

    /// Removes a socket from the namespace and its rooms.
    func remove(_ socket: Socket) {
        for place in socket.places { vacate(place, of: socket) }
        socket.places = []
        guard sockets.indices.contains(socket.index), sockets[socket.index] === socket else { return }
        let last = sockets.removeLast()
        if last !== socket {
            sockets[socket.index] = last
            last.index = socket.index
        }
        socketsByID[ExactString(socket.id)] = nil
        cluster?.socketLeft(socket.id, socket.id)
    }

    /// The socket with an id, if it is here.
    func socket(_ id: String) -> Socket? { socketsByID[ExactString(id)] }

    /// Puts a socket into a room.
    func join(_ name: String, _ socket: Socket) {
        guard !name.isExactly(socket.id) else { return }
        let room: Room
        if let existing = rooms[ExactString(name)] {
            guard !socket.places.contains(where: { $0.room === existing }), socket.mayJoinAnother(name) else { return }
            room = existing
        } else {
            guard socket.mayJoinAnother(name) else { return }
            room = Room(name: name)
            rooms[ExactString(name)] = room
        }
        socket.places.append(Place(room: room, index: room.members.count))
        room.members.append(socket)
        cluster?.socketJoined(socket.id, name)
    }

    /// Takes a socket out of a room.
    func leave(_ name: String, _ socket: Socket) {
        guard let index = socket.places.firstIndex(where: { $0.room.name.isExactly(name) }) else { return }
        vacate(socket.places[index], of: socket)
        socket.places.remove(at: index)
    }

    /// Gives up a place; the last member of the room takes it.
    private func vacate(_ place: Place, of socket: Socket) {
        let room = place.room
        let last = room.members.removeLast()
        if place.index < room.members.count {
            room.members[place.index] = last
            if let moved = last.places.firstIndex(where: { $0.room === room }) {
                last.places[moved].index = place.index
            }
        }
        if room.members.isEmpty { rooms[ExactString(room.name)] = nil }
        cluster?.socketLeft(socket.id, room.name)
    }

    /// Calls `body` once for each socket that `audience` means.
    func forEach(in audience: Audience, _ body: (Socket) -> Void) {
        if audience.selection.except.isEmpty {
            switch audience.selection.rooms.count {
            case 0: return each(sockets, except: audience.excluded, body)
            case 1:
                let name = ExactString(audience.selection.rooms[0])
                switch (rooms[name], socketsByID[name]) {
                case (let room?, nil): return each(room.members, except: audience.excluded, body)
                case (nil, let socket?): return each([socket], except: audience.excluded, body)
                case (nil, nil): return
                case (_?, _?): break
                }
            default: break
            }
        }
        forEachMarked(audience, body)
    }

    private func each(_ members: ContiguousArray<Socket>, except excluded: Socket?, _ body: (Socket) -> Void) {
        for socket in members where socket !== excluded {
            body(socket)
        }
    }

    /// The general form: rooms may overlap, so sockets are marked once they were reached.
    private func forEachMarked(_ audience: Audience, _ body: (Socket) -> Void) {
        mark &+= 1
        audience.excluded?.markIfOn(loop, mark)
        for name in audience.selection.except {
            for socket in members(of: name) { socket.mark = mark }
        }
        var reached: ContiguousArray<Socket> = []
        func reach(_ members: ContiguousArray<Socket>) {
            for socket in members where socket.mark != mark {
                socket.mark = mark
                reached.append(socket)
            }
        }
        if audience.selection.rooms.isEmpty {
            reach(sockets)
        } else {
            for name in audience.selection.rooms { reach(members(of: name)) }
        }
        // Only now, because `body` may broadcast and so change the marks.
        for socket in reached { body(socket) }
    }

    private func members(of name: String) -> ContiguousArray<Socket> {
        var members = rooms[ExactString(name)]?.members ?? []
        if let socket = socketsByID[ExactString(name)] { members.append(socket) }
        return members
    }
}
