import EngineIO
import Locking
import Logging

import struct Synchronization.Atomic

/// A namespace: clients join it by name, and have a socket, rooms and handlers of their own in it.
public final class Namespace: BroadcastEmitter, ConnectionHost {
    /// The name, with its leading slash.
    public var name: String { identity.name }

    /// The middlewares and connection handlers of the namespace.
    public let connectionHandlers: ConnectionHandlers

    let identity: NamespaceName
    let logger: Logger?
    /// How the clients' packets are written.
    let format: PacketFormat
    /// Asked for each packet, where copying ``format`` would cost more than the answer is worth.
    private let isJSON: Bool
    /// Whether a client's wish made it, so that it counts against the limit and may go when it is empty.
    let isDynamic: Bool

    let serverSideEvents = ServerSideEvents()
    /// `nil` on a server that stands alone.
    let cluster: Cluster?
    /// `nil` when clients that lose their connection may not come back.
    let recovery: Recovery?

    private let indexes = Mutex<[RoomIndex]>([])
    /// Counted for the whole namespace, so that a broadcast carries one id for all its receivers.
    private let lastAcknowledgementID = Atomic<UInt64>(0)

    init(
        _ identity: NamespaceName,
        _ setup: NamespaceSetup,
        handlers: ConnectionHandlers = ConnectionHandlers(),
        isDynamic: Bool = false
    ) {
        self.identity = identity
        logger = setup.logger
        format = setup.format
        recovery = setup.recovery.map { Recovery($0) }
        isJSON = if case .json = setup.format { true } else { false }
        self.isDynamic = isDynamic
        connectionHandlers = handlers
        let inbox = ClusterInbox(namespace: identity.name)
        cluster = setup.adapter.map { $0(inbox) }.flatMap { $0 is InMemoryAdapter ? nil : Cluster($0) }
        inbox.open(self)
    }

    /// The rooms of each loop that has had a client in the namespace.
    var roomIndexes: [RoomIndex] { indexes.withLock { $0 } }

    func add(_ index: RoomIndex) {
        recovery?.add(index)
        indexes.withLock { $0.append(index) }
    }

    /// Makes the loops forget the namespace, whose adapter has ended.
    ///
    /// It lives until they have, so that no other takes its identity.
    func end() {
        for index in roomIndexes {
            index.loop.execute { [self] in index.owner?.forget(self) }
        }
    }

    /// Turns a packet that was encoded as JSON into the namespace's format.
    func convert(_ packet: consuming OutgoingPacket) throws -> OutgoingPacket {
        isJSON ? packet : try format.convert(packet)
    }

    func makeAcknowledgementID() -> UInt64 {
        lastAcknowledgementID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// A broadcast to everybody in the namespace.
    public var broadcastOperator: BroadcastOperator { BroadcastOperator(namespace: self) }
}

/// What all namespaces of a server have in common.
struct NamespaceSetup: Sendable {
    var logger: Logger?
    var adapter: AdapterFactory?
    var format: PacketFormat
    var recovery: SocketIOServer.ConnectionStateRecovery?
}

// The main namespace is what an application without namespaces uses, so the server offers its methods too.
extension SocketIOServer: BroadcastEmitter, ConnectionHost {
    /// A broadcast to everybody in the main namespace.
    public var broadcastOperator: BroadcastOperator { main.broadcastOperator }

    /// The middlewares and connection handlers of the main namespace.
    public var connectionHandlers: ConnectionHandlers { main.connectionHandlers }
}
