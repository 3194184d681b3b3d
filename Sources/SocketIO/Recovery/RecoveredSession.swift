import EngineIO
public import NIOCore

/// What a client sends to go on where it was.
public struct RecoveryTicket: Sendable, Equatable, Codable {
    /// The secret that the client got when it joined.
    public var pid: String
    /// The last event that it got; `nil` when it has got none.
    public var offset: String?

    /// Longer than any offset is.
    private static let longestOffset = 32

    /// Makes a ticket.
    public init(pid: String, offset: String?) {
        self.pid = pid
        self.offset = offset
    }

    /// Takes `pid` and `offset` out of what the client sent to join; `nil` when they are not what a server gives.
    init?(auth: RawArgument) {
        guard case .object(let members)? = try? auth.decode(JSONValue.self), case .string(let pid)? = members["pid"],
            pid.utf8.count == RandomID.length
        else { return nil }
        switch members["offset"] {
        case .string(let offset)? where offset.utf8.count <= Self.longestOffset: self.init(pid: pid, offset: offset)
        case .null?, nil: self.init(pid: pid, offset: nil)
        default: return nil
        }
    }
}

/// A session that moves from one node to another, because its client did.
public struct RecoveredSession: Sendable, Codable {
    /// A message as it goes over the wire.
    public struct Message: Sendable, Codable {
        /// Whether it is binary.
        public var isBinary: Bool
        /// The text or the bytes.
        public var bytes: ByteBuffer

        /// Makes a message.
        public init(isBinary: Bool, bytes: ByteBuffer) {
            self.isBinary = isBinary
            self.bytes = bytes
        }
    }

    /// The socket's id.
    public var id: String
    /// The secret of the client.
    public var pid: String
    /// The rooms the socket was in.
    public var rooms: RoomNames
    /// What the application attached to the socket, as far as it can be serialised.
    public var data: RawArgument?
    /// The packets that the client missed, each with the messages that it consists of.
    public var missed: [[Message]]
    /// What the client will say it got last, once it got all these.
    public var lastOffset: String?

    /// Makes a session.
    public init(
        id: String,
        pid: String,
        rooms: RoomNames,
        data: RawArgument? = nil,
        missed: [[Message]] = [],
        lastOffset: String? = nil
    ) {
        self.id = id
        self.pid = pid
        self.rooms = rooms
        self.data = data
        self.missed = missed
        self.lastOffset = lastOffset
    }
}

extension OutgoingPacket {
    /// The packet as another node can send it.
    var wireMessages: [RecoveredSession.Message] {
        ([message] + attachments).map { .init(isBinary: $0.isBinary, bytes: $0.payload) }
    }

    /// What another node has encoded.
    init?(wireMessages: [RecoveredSession.Message]) {
        guard let first = wireMessages.first else { return nil }
        self.init(message: Self.encoded(first), attachments: wireMessages.dropFirst().map(Self.encoded))
    }

    private static func encoded(_ message: RecoveredSession.Message) -> EncodedMessage {
        if message.isBinary { return .binary(message.bytes) }
        return .text(minimumCapacity: message.bytes.readableBytes) { $0.writeImmutableBuffer(message.bytes) }
    }
}

extension Recovery {
    /// Gives a session away to another node.
    func giveAway(_ session: RecoverySession, offset: String?) -> RecoveredSession? {
        guard let missed = missed(session, offset: offset) else { return nil }
        return RecoveredSession(
            id: session.id,
            pid: session.pid,
            rooms: session.rooms,
            data: session.data.serialized,
            missed: missed.map(\.packet.wireMessages),
            lastOffset: missed.last.map { text(ofOffset: $0.offset) } ?? offset
        )
    }

    /// What another node gave away.
    func claim(_ session: RecoveredSession, at now: ContinuousClock.Instant) -> SocketRecovery.Claim {
        let end = endOfLog
        return SocketRecovery.Claim(
            session: RecoverySession(
                id: session.id,
                pid: session.pid,
                rooms: session.rooms,
                data: SocketData(serialized: session.data),
                start: 0,
                foreignOffset: nil,
                ended: now
            ),
            offset: session.lastOffset,
            position: end,
            foreignPackets: session.missed.compactMap { OutgoingPacket(wireMessages: $0) }[...],
            foreignStart: end
        )
    }
}

extension Namespace {
    /// Another node asks for a session because its client is there now.
    func receive(_ ticket: RecoveryTicket, request: String, from node: String) {
        let respond: @Sendable (RecoveredSession?) -> Void = { [cluster] session in
            cluster?.adapter.respond(ClusterResponse(.session(session), to: request), to: node)
        }
        guard let recovery, let now = roomIndexes.first?.loop.now else { return respond(nil) }
        switch recovery.find(ticket, at: now) {
        case .nowhere: respond(nil)
        case .here(let session): respond(recovery.giveAway(session, offset: ticket.offset))
        case .live(let socket):
            socket.connection.loop.run {
                socket.client.connectionMoved()
                if case .here(let session) = recovery.find(ticket, at: socket.connection.loop.now) {
                    respond(recovery.giveAway(session, offset: ticket.offset))
                } else {
                    respond(nil)
                }
            }
        }
    }
}
