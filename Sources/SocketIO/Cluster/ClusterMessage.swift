/// What one node tells all others.
///
/// The cases are those of the official cluster adapters (`MessageType` in `socket.io-adapter`); heartbeats and the
/// like are each adapter's own.
public struct ClusterMessage: Sendable, Codable {
    /// What is to be done.
    public var content: Content

    /// What the answers to it carry; `nil` when none is wanted.
    public var request: String?

    /// What is to be done.
    public enum Content: Sendable, Codable {
        /// Send an event; if answers are wanted, each client's acknowledgement is one.
        case broadcast(ClusterEvent, BroadcastSelection, EmitOptions)
        /// Put sockets into rooms.
        case socketsJoin(BroadcastSelection, rooms: [String])
        /// Take sockets out of rooms.
        case socketsLeave(BroadcastSelection, rooms: [String])
        /// Disconnect sockets.
        case disconnectSockets(BroadcastSelection, close: Bool)
        /// Answer with the sockets there are.
        case fetchSockets(BroadcastSelection)
        /// Call the handlers for events between servers; if an answer is wanted, it is the handler's.
        case serverSideEmit(ClusterEvent)
        /// Give a session away, because its client is at the sender now.
        ///
        /// An adapter that keeps sessions and events itself may answer in place of the other nodes.
        case restoreSession(RecoveryTicket)
    }

    /// Makes a message.
    public init(_ content: Content, request: String? = nil) {
        self.content = content
        self.request = request
    }
}

/// What one node answers another.
public struct ClusterResponse: Sendable, Codable {
    /// What the request carried.
    public var request: String

    /// The answer.
    public var content: Content

    /// An answer.
    public enum Content: Sendable, Codable {
        /// How many clients of the node a broadcast reached.
        case clientCount(Int)
        /// A client's acknowledgement of a broadcast.
        case acknowledgement(SocketArguments)
        /// No acknowledgement of the broadcast will follow: clients that have sent none are gone or were too slow.
        ///
        /// The official adapters have no such message; without it the request ends by its time-out.
        case broadcastEnded
        /// The sockets of the node.
        case sockets([RemoteSocketState])
        /// What a handler for events between servers answered.
        case serverSideAnswer(SocketArguments)
        /// A session that is the asking node's now; `nil` from nodes that don't have it.
        case session(RecoveredSession?)
    }

    /// Makes an answer.
    public init(_ content: Content, to request: String) {
        self.content = content
        self.request = request
    }
}

/// An event on its way between nodes.
public struct ClusterEvent: Sendable, Codable {
    /// The event's name.
    public var name: String
    /// The arguments, undecoded.
    public var arguments: SocketArguments

    /// Makes an event.
    public init(_ name: String, _ arguments: SocketArguments) {
        self.name = name
        self.arguments = arguments
    }
}

/// Whom a broadcast is for.
public struct BroadcastSelection: Sendable, Equatable, Codable {
    /// The rooms to reach; all sockets of the namespace when there are none.
    public var rooms: [String]
    /// The rooms to leave out.
    public var except: [String]

    /// Makes a selection; without arguments it is everybody.
    public init(rooms: [String] = [], except: [String] = []) {
        self.rooms = rooms
        self.except = except
    }
}

/// How a broadcast is sent: an earlier name.
@available(*, deprecated, renamed: "EmitOptions")
public typealias BroadcastFlags = EmitOptions

/// What one node tells another about a socket.
public struct RemoteSocketState: Sendable, Codable {
    /// The socket's id.
    public var id: String
    /// How the client connected; its `time` is by the clock of the client's node.
    public var handshake: Handshake
    /// The rooms it is in, its own among them.
    public var rooms: RoomNames
    /// What the application attached to the socket, if it can be serialised.
    public var data: RawArgument?

    /// Makes a description.
    public init(id: String, handshake: Handshake, rooms: RoomNames, data: RawArgument? = nil) {
        self.id = id
        self.handshake = handshake
        self.rooms = rooms
        self.data = data
    }
}

extension BroadcastOperator {
    /// What other nodes are told to do for this selection.
    func message(_ event: String, _ arguments: SocketArguments) -> ClusterMessage.Content {
        .broadcast(ClusterEvent(event, arguments), audience.remoteSelection, options)
    }

    /// The same selection on this node alone, for what another node sent.
    init(namespace: Namespace, _ selection: BroadcastSelection, _ options: EmitOptions = EmitOptions()) {
        self.init(namespace: namespace)
        audience = Audience(selection: selection, isLocal: true)
        self.options = options
    }
}
