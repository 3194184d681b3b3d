public import EngineIO
import Logging
import NIOCore

import struct Synchronization.Atomic

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

    /// The Engine.IO connection, which the sockets of a client share; of its members some are for its loop alone.
    public let connection: any EngineConnection

    let client: ClientConnection
    let roomIndex: RoomIndex
    let counters: LoopCounters
    /// What the client sent to join, empty if that is an empty object.
    ///
    /// It stays as long as the socket, so it takes no more bytes than it has: a slice would keep what it was read into.
    private let auth: [UInt8]
    let isConnectedFlag = Atomic<Bool>(false)
    private let lastListener = Atomic<UInt32>(0)

    enum Phase {
        /// Middlewares are deciding.
        case connecting
        /// Connection handlers are running; events are held.
        case starting
        case connected
        /// It has ended, but is still in its rooms for those who listen for that.
        case disconnecting
        case disconnected(DisconnectReason)
    }

    // These are read for each message. What is read is copied before a handler is called, so accesses can't overlap.
    @exclusivity(unchecked) var phase = Phase.connecting
    var early: Early?
    @exclusivity(unchecked) var listeners = Listeners()
    var pendingAcknowledgements = AcknowledgementTable()
    var storedData = SocketData()
    /// Present when the client may come back after it lost its connection.
    let recovery: SocketRecovery?

    /// The rooms other than its own, with the socket's place in each; kept by ``RoomIndex``.
    var places: [RoomIndex.Place] = []
    /// The socket's place among those of the namespace; kept by ``RoomIndex``.
    var index = -1
    /// The last broadcast that looked at the socket; kept by ``RoomIndex``.
    var mark: UInt32 = 0

    init(namespace: Namespace, client: ClientConnection, auth: RawArgument, claim: SocketRecovery.Claim? = nil) {
        self.namespace = namespace
        self.client = client
        self.auth = auth.json.readableBytes <= 2 ? [] : Array(buffer: auth.json)
        connection = client.connection
        roomIndex = client.shard.roomIndex(for: namespace)
        counters = client.shard.counters
        recovery = namespace.recovery == nil || client.isProtocol3 ? nil : SocketRecovery(claim: claim)
        if let session = claim?.session {
            id = session.id
            storedData = session.data
            return
        }
        id =
            switch (client.isProtocol3, namespace.identity.bytes) {
            case (false, _): RandomID.make()
            case (true, nil): client.connection.id
            case (true, _?): namespace.name + "#" + client.connection.id
            }
    }

    /// How the client connected.
    public var handshake: Handshake {
        let auth =
            auth.isEmpty ? .emptyObject : RawArgument(json: ByteBuffer(bytes: auth), offset: 0, attachments: nil)
        return Handshake(request: connection.handshake, auth: auth)
    }

    /// Whether the client came back after it lost its connection, and has its id, rooms, data and missed events.
    ///
    /// It does not change, and may be read from anywhere; see ``SocketIOServer/ConnectionStateRecovery``.
    public var isRecovered: Bool { recovery?.isRecovered ?? false }

    /// Whether the client is in the namespace; may have changed by the time the caller acts on it.
    public var isConnected: Bool { isConnectedFlag.load(ordering: .relaxed) }

    /// Disconnects the socket from its namespace.
    /// - Parameter close: Whether to close the connection too, which disconnects the client's other sockets.
    public func disconnect(close: Bool = false) {
        runInOrder { [self] in
            if close {
                client.disconnectAll()
                return
            }
            switch phase {
            case .disconnecting, .disconnected: return
            case .connecting, .starting, .connected: break
            }
            client.leave(self)
            disconnected(.serverNamespaceDisconnect)
        }
    }

    /// Runs `work` on the loop, between the events that the caller sends before and after.
    func runInOrder(_ work: @escaping @Sendable () -> Void) {
        if let recovery = namespace.recovery {
            recovery.run(on: roomIndex, work)
        } else {
            connection.loop.run(work)
        }
    }

    /// A number for a new listener; from anywhere.
    func makeListener() -> SocketListener {
        SocketListener(number: lastListener.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    func logMetadata(error: any Error) -> Logger.Metadata {
        ["socket": "\(id)", "namespace": "\(namespace.name)", "error": "\(error)"]
    }

    /// Marks the socket if it lives on `loop`; another loop's sockets must not be touched.
    func markIfOn(_ loop: any EngineLoop, _ mark: UInt32) {
        if connection.loop === loop { self.mark = mark }
    }
}
