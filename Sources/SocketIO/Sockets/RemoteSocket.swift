/// A socket as ``BroadcastEmitter/fetchSockets()`` found it, on this node or on another.
public struct RemoteSocket: Sendable {
    /// The socket's id.
    public let id: String

    /// How the client connected; of a socket of another node, `time` is by the clock there.
    public let handshake: Handshake

    /// The rooms it was in, its own among them.
    public let rooms: RoomNames

    /// What the application kept with it; of a socket of another node, the values that are `Codable`.
    public let data: SocketData

    private let namespace: Namespace
    private let isLocal: Bool

    /// A socket of another node.
    init(_ state: RemoteSocketState, namespace: Namespace) {
        id = state.id
        handshake = state.handshake
        rooms = state.rooms
        data = SocketData(serialized: state.data)
        self.namespace = namespace
        isLocal = false
    }

    /// A socket of this node; on its loop.
    init(_ socket: Socket) {
        id = socket.id
        handshake = socket.handshake
        rooms = socket.currentRooms
        data = socket.storedData
        namespace = socket.namespace
        isLocal = true
    }

    /// What other nodes are told.
    var state: RemoteSocketState {
        RemoteSocketState(id: id, handshake: handshake, rooms: rooms, data: data.serialized)
    }

    private var selection: BroadcastOperator {
        var selection = namespace.in(id)
        selection.audience.isLocal = isLocal
        return selection
    }

    /// Sends an event to the socket.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        selection.emit(event, repeat each arguments)
    }

    /// Sends an event to the socket and waits for its acknowledgement.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        timeout: Duration? = nil
    ) async throws -> Answer {
        let selection = selection.with { $0.timeout = timeout }
        let answers: [Answer]
        do {
            answers = try await selection.emitWithAck(event, repeat each arguments)
        } catch is BroadcastTimeout {
            throw AcknowledgementError.timedOut
        }
        guard let answer = answers.first else { throw AcknowledgementError.disconnected }
        return answer
    }

    /// Puts the socket into rooms.
    public func join(_ rooms: String...) { selection.socketsJoin(rooms) }

    /// Takes the socket out of rooms.
    public func leave(_ rooms: String...) { selection.socketsLeave(rooms) }

    /// Disconnects the socket.
    /// - Parameter close: Whether to close the connection too.
    public func disconnect(close: Bool = false) { selection.disconnectSockets(close: close) }
}

/// Some nodes did not answer in time which sockets they have.
public struct IncompleteSockets: Error, Sendable {
    /// The sockets of the other nodes, this one among them.
    public var sockets: [RemoteSocket]
    /// The ids of the nodes that did not answer; empty when the adapter did not know which nodes there are.
    public var missingNodes: [String]
}

extension BroadcastEmitter {
    /// The selected sockets as they are now, of all nodes unless ``EventEmitter/local`` was asked for.
    /// - Throws: ``IncompleteSockets`` with those that were found when nodes did not answer in time, or
    ///   `CancellationError`; nothing on a server that stands alone.
    public nonisolated(nonsending) func fetchSockets() async throws -> [RemoteSocket] {
        let selection = broadcastOperator
        var sockets = await withCheckedContinuation { continuation in
            selection.gatherSockets { continuation.resume(returning: $0) }
        }
        guard let cluster = selection.cluster else { return sockets }
        let outcome = try await cluster.request(.fetchSockets(selection.audience.remoteSelection))
        for case .sockets(let states) in outcome.answers {
            sockets += states.map { RemoteSocket($0, namespace: selection.namespace) }
        }
        guard !outcome.isIncomplete else {
            throw IncompleteSockets(sockets: sockets, missingNodes: outcome.missingNodes)
        }
        return sockets
    }
}

extension BroadcastOperator {
    /// Finds the selected sockets of this node; `completion` runs on the last loop that was asked.
    func gatherSockets(_ completion: @escaping @Sendable ([RemoteSocket]) -> Void) {
        gatherSockets(namespace.roomIndexes[...], [], completion)
    }

    private func gatherSockets(
        _ indexes: ArraySlice<RoomIndex>,
        _ found: [RemoteSocket],
        _ completion: @escaping @Sendable ([RemoteSocket]) -> Void
    ) {
        guard let index = indexes.first else { return completion(found) }
        index.loop.run {
            var found = found
            index.forEach(in: audience) { found.append(RemoteSocket($0)) }
            gatherSockets(indexes.dropFirst(), found, completion)
        }
    }
}
