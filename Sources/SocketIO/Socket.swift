public import EngineIO
import Logging
import NIOCore
import Synchronization

/// A client in a namespace.
///
/// Everything that changes belongs to the connection's loop. Methods may be called from anywhere: on the loop, which
/// is where handlers run, they act at once; from elsewhere they are queued to it.
///
/// Unchecked: what is not immutable or atomic is touched only on `connection.loop`.
public final class Socket: @unchecked Sendable {
    /// The id: 20 characters of the base64url alphabet.
    ///
    /// Protocol 3 clients have the id of their connection, behind
    /// `namespace#` in other namespaces than the main one.
    public let id: String

    /// The namespace that the client joined.
    public let namespace: Namespace

    /// The Engine.IO connection, which the sockets of a client share.
    public let connection: any EngineConnection

    let client: ClientConnection
    let roomIndex: RoomIndex
    private let auth: RawArgument
    private let isConnectedFlag = Atomic<Bool>(false)

    private enum Phase {
        /// Middlewares are deciding.
        case connecting
        /// Connection handlers are running; events are held.
        case starting
        case connected
        case disconnected(DisconnectReason)
    }

    // These are read for each message. What is read is copied before a handler is called, so accesses can't overlap.
    @exclusivity(unchecked) private var phase = Phase.connecting
    private var early: Early?
    @exclusivity(unchecked) var listeners = Listeners()
    var pendingAcknowledgements = AcknowledgementTable()

    /// The rooms other than its own, with the socket's place in each; kept by ``RoomIndex``.
    var places: [RoomIndex.Place] = []
    /// The socket's place among those of the namespace; kept by ``RoomIndex``.
    var index = -1
    /// The last broadcast that looked at the socket; kept by ``RoomIndex``.
    var mark: UInt32 = 0

    init(namespace: Namespace, client: ClientConnection, auth: RawArgument) {
        self.namespace = namespace
        self.client = client
        self.auth = auth
        connection = client.connection
        roomIndex = client.shard.roomIndex(for: namespace)
        id =
            switch (client.isProtocol3, namespace.identity.bytes) {
            case (false, _): SocketID.make()
            case (true, nil): client.connection.id
            case (true, _?): namespace.name + "#" + client.connection.id
            }
    }

    /// How the client connected.
    public var handshake: Handshake { Handshake(request: connection.handshake, auth: auth) }

    /// Whether the client is in the namespace; may have changed by the time the caller acts on it.
    public var isConnected: Bool { isConnectedFlag.load(ordering: .relaxed) }

    /// Disconnects the socket from its namespace.
    /// - Parameter close: Whether to close the connection too, which disconnects the client's other sockets.
    public func disconnect(close: Bool = false) {
        connection.loop.run { [self] in
            if close {
                client.disconnectAll()
            } else if case .disconnected = phase {
                return
            } else {
                client.leave(self)
                disconnected(.serverNamespaceDisconnect)
            }
        }
    }

    /// Sends a packet; on the loop.
    func transmit(_ packet: OutgoingPacket) {
        switch phase {
        case .starting, .connected: packet.send(on: connection)
        case .connecting, .disconnected: break
        }
    }

    /// Sends a packet from anywhere.
    func send(_ packet: OutgoingPacket) {
        if connection.loop.isCurrent {
            transmit(packet)
        } else {
            connection.loop.execute { self.transmit(packet) }
        }
    }

    func logMetadata(error: any Error) -> Logger.Metadata {
        ["socket": "\(id)", "namespace": "\(namespace.name)", "error": "\(error)"]
    }

    /// Marks the socket if it lives on `loop`; another loop's sockets must not be touched.
    func markIfOn(_ loop: any EngineLoop, _ mark: UInt32) {
        if connection.loop === loop { self.mark = mark }
    }
}

// MARK: - Life

extension Socket {
    /// What a socket needs only before it is fully connected.
    private final class Early {
        var rooms: [String] = []
        var events: [(arguments: SocketArguments, id: UInt64?)] = []
        var heldBytes = 0
        var runningHandlers = 1
    }

    private func makeEarly() -> Early {
        if let early { return early }
        let early = Early()
        self.early = early
        return early
    }

    /// The client has passed the middlewares and was told so.
    func connected() {
        phase = .starting
        isConnectedFlag.store(true, ordering: .relaxed)
        roomIndex.insert(self)
        for room in early?.rooms ?? [] { roomIndex.join(room, self) }
        let handlers = namespace.connectionHandlers.connection
        let early = makeEarly()
        for handler in handlers {
            switch handler {
            case .synchronous(let body):
                do { try body(self) } catch { connectionHandlerFailed(error) }
            case .asynchronous(let body):
                early.runningHandlers += 1
                client.shard.run { [self] in
                    do { try await body(self) } catch { connectionHandlerFailed(error) }
                    connection.loop.run { self.connectionHandlerEnded() }
                }
            }
        }
        connectionHandlerEnded()
    }

    private func connectionHandlerFailed(_ error: any Error) {
        namespace.logger?.error("a connection handler failed", metadata: logMetadata(error: error))
    }

    /// The last of the connection handlers to end lets the held events through.
    private func connectionHandlerEnded() {
        guard case .starting = phase, let early else { return }
        early.runningHandlers -= 1
        guard early.runningHandlers == 0 else { return }
        phase = .connected
        self.early = nil
        for event in early.events {
            receive(event.arguments, id: event.id)
        }
    }

    /// An event from the client.
    func receive(_ arguments: SocketArguments, id: UInt64?) {
        switch phase {
        case .connected: deliver(arguments, id: id)
        case .starting: hold(arguments, id: id)
        case .connecting, .disconnected: break
        }
    }

    private func hold(_ arguments: SocketArguments, id: UInt64?) {
        let early = makeEarly()
        let limits = client.server.configuration
        guard early.events.count < limits.maxHeldEvents, early.heldBytes <= limits.maxHeldBytes else {
            client.closeForTooManyHeldEvents(self)
            return
        }
        early.heldBytes += arguments.byteCount
        early.events.append((arguments, id))
    }

    /// The socket has come to its end: it leaves its rooms, and whoever waits for it is told.
    func disconnected(_ reason: DisconnectReason) {
        let wasConnected: Bool
        switch phase {
        case .disconnected: return
        case .connecting: wasConnected = false
        case .starting, .connected: wasConnected = true
        }
        phase = .disconnected(reason)
        isConnectedFlag.store(false, ordering: .relaxed)
        early = nil
        roomIndex.remove(self)
        if namespace.isDynamic { client.server.namespaces.leave(namespace) }
        pendingAcknowledgements.failAll(.disconnected)
        // Handlers usually hold the socket, so they must go for it to be freed.
        let listeners = self.listeners
        self.listeners = Listeners()
        if wasConnected {
            for listener in listeners.disconnect { listener(reason) }
        }
    }

    /// A middleware refused the client.
    func refused() {
        disconnected(.serverNamespaceDisconnect)
    }

    /// Adds a handler for the end of the socket, which has then left its rooms.
    ///
    /// It runs at once when the socket is disconnected already.
    public func onDisconnect(_ handler: @escaping @Sendable (DisconnectReason) -> Void) {
        connection.loop.run { [self] in
            if case .disconnected(let reason) = phase {
                handler(reason)
            } else {
                listeners.disconnect.append(handler)
            }
        }
    }
}

// MARK: - Rooms

extension Socket {
    /// Puts the socket into a room; nothing happens when it is disconnected.
    public func join(_ room: String) {
        connection.loop.run { [self] in
            switch phase {
            case .connecting: makeEarly().rooms.append(room)
            case .starting, .connected: roomIndex.join(room, self)
            case .disconnected: break
            }
        }
    }

    /// Takes the socket out of a room; it can't leave its own.
    public func leave(_ room: String) {
        connection.loop.run { [self] in
            early?.rooms.removeAll { $0 == room }
            roomIndex.leave(room, self)
        }
    }

    /// The rooms that the socket is in, its own among them; for use on its loop, as in synchronous handlers.
    ///
    /// Elsewhere use ``fetchRooms()``.
    public var rooms: Set<String> {
        precondition(connection.loop.isCurrent, "rooms is for the socket's loop; use fetchRooms() elsewhere")
        return currentRooms
    }

    /// The rooms that the socket is in, its own among them.
    public nonisolated(nonsending) func fetchRooms() async -> Set<String> {
        await withCheckedContinuation { continuation in
            connection.loop.run { continuation.resume(returning: self.currentRooms) }
        }
    }

    var currentRooms: Set<String> {
        guard isConnected else { return [] }
        return Set(places.map(\.room.name)).union([id])
    }

    /// A broadcast to rooms, this socket left out.
    public func to(_ rooms: String...) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to rooms, this socket left out.
    public func to(_ rooms: [String]) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to rooms, this socket left out.
    public func `in`(_ rooms: String...) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to the namespace, this socket and the sockets of the rooms left out.
    public func except(_ rooms: String...) -> BroadcastOperator { broadcast.except(rooms) }

    /// A broadcast to the namespace, this socket left out.
    public var broadcast: BroadcastOperator { BroadcastOperator(namespace: namespace, excluding: self) }
}

/// Ids of sockets.
enum SocketID {
    /// Makes an id of 120 random bits.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        var high = generator.next()
        var low = generator.next()
        return String(unsafeUninitializedCapacity: 20) { buffer in
            for index in 0..<10 {
                buffer[index] = character(UInt8(high & 63))
                buffer[index + 10] = character(UInt8(low & 63))
                high >>= 6
                low >>= 6
            }
            return 20
        }
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<26: UInt8(ascii: "A") + value
        case ..<52: UInt8(ascii: "a") + value - 26
        case ..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
