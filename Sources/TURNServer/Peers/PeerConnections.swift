import Listening
import Locking
import Logging
import NIOCore
import NIOPosix
import STUN
import TURN

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The TCP connections between relays and peers (RFC 6062), on SwiftNIO.
///
/// What a peer sends before the client has bound the connection stays in the system's buffer: nothing is read until then.
final class PeerConnections: PeerConnector {
    private struct State {
        /// What listens, from before the first connection is accepted.
        var relays: Set<RelayReference> = []
        var listeners: [RelayReference: EventLoopFuture<any Channel>] = [:]
        /// What the connections of each relay may carry, by its local address; nothing without a limit.
        var budgets: [TransportAddress: TransferBudgets] = [:]
        var addresses: [RelayReference: TransportAddress] = [:]
        var pending: [PendingPeerID: (relay: RelayReference, peer: PeerConnection)] = [:]
        var connections: [PeerConnectionID: PeerConnection] = [:]
        var lastPending: UInt64 = 0
        var isOpen = true
    }

    /// How long a peer may take to accept a connection (RFC 6062 §5.2).
    private static let connectTimeout = TimeAmount.seconds(30)

    /// How many peers may wait until a relay thread knows them.
    ///
    /// 256: strangers can fill it, and each place is taken for the time that a thread needs for a message.
    private static let maximumPending = 256

    /// The relay listens on the address that its connections leave from.
    private static let reusePort = ChannelOptions.Types.SocketOption(
        level: .socket,
        name: NIOBSDSocket.Option(rawValue: SO_REUSEPORT)
    )

    private let group: any EventLoopGroup
    private let bytesPerSecond: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes a connector.
    /// - Parameters:
    ///   - group: What runs the connections.
    ///   - bytesPerSecond: What the connections of one relay may carry in each direction; 0, the default, for any amount.
    ///   - logger: Where failures are noted, at debug level.
    init(group: any EventLoopGroup, bytesPerSecond: Int = 0, logger: Logger) {
        self.group = group
        self.bytesPerSecond = bytesPerSecond
        self.logger = logger
    }

    /// Closes all that is open; returns when it is closed.
    func close() async {
        let (listeners, peers) = state.withLock { state in
            state.isOpen = false
            state.relays = []
            let peers = state.pending.values.map(\.peer) + state.connections.values
            let listeners = Array(state.listeners.values)
            state.listeners = [:]
            state.pending = [:]
            state.connections = [:]
            return (listeners, peers)
        }
        for listener in listeners { try? await listener.get().close() }
        for peer in peers { await peer.close() }
    }

    // MARK: Relays that listen

    func listen(
        _ relay: RelayReference,
        at address: TransportAddress,
        for thread: any RelayInbox
    ) -> RelayEngine.OpenFailure? {
        guard let socketAddress = SocketAddress(address) else { return .unavailable }
        let descriptor: NIOBSDSocket.Handle
        switch PeerListener.open(socketAddress) {
        case .listening(let opened): descriptor = opened
        case .failed(let failure): return failure
        }
        state.withLock { state in
            state.relays.insert(relay)
            guard let budgets = TransferBudgets(bytesPerSecond: bytesPerSecond) else { return }
            state.budgets[address] = budgets
            state.addresses[relay] = address
        }
        let listener = ServerBootstrap(group: group)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptHandler(logger: logger))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, on: relay, for: thread) }
            }
            .withBoundSocket(descriptor)
        let isOpen = state.withLock { state in
            if state.isOpen { state.listeners[relay] = listener }
            return state.isOpen
        }
        guard isOpen else {
            listener.whenSuccess { $0.close(promise: nil) }
            return .unavailable
        }
        return nil
    }

    func stopListening(_ relay: RelayReference) {
        let (listener, waiting) = state.withLock { state in
            let waiting = state.pending.filter { $0.value.relay == relay }
            for id in waiting.keys { state.pending[id] = nil }
            state.relays.remove(relay)
            if let address = state.addresses.removeValue(forKey: relay) { state.budgets[address] = nil }
            return (state.listeners.removeValue(forKey: relay), waiting)
        }
        listener?.whenSuccess { $0.close(promise: nil) }
        for (_, peer) in waiting.values { peer.abandon() }
    }

    private func accept(_ channel: any Channel, on relay: RelayReference, for thread: any RelayInbox) throws {
        guard let address = channel.remoteAddress.flatMap({ TransportAddress($0) }) else {
            throw ChannelError.unknownLocalAddress
        }
        let budgets = state.withLock { state in state.addresses[relay].flatMap { state.budgets[$0] } }
        let peer = try PeerConnection(channel, thread: thread, budgets: budgets)
        let notice = ActivationHandler { [self] in
            guard let pending = enter(peer, on: relay) else { return peer.abandon() }
            thread.post(.peerAccepted(pending, from: address.unmapped, on: relay))
        }
        try channel.pipeline.syncOperations.addHandler(notice)
    }

    /// Notes a connection until the thread knows it; `nil` if the relay has gone, or too many wait.
    private func enter(_ peer: PeerConnection, on relay: RelayReference) -> PendingPeerID? {
        state.withLock { state in
            guard state.relays.contains(relay), state.pending.count < Self.maximumPending else { return nil }
            state.lastPending += 1
            let id = PendingPeerID(number: state.lastPending)
            state.pending[id] = (relay, peer)
            return id
        }
    }

    func admit(_ pending: PendingPeerID, as connection: PeerConnectionID?) {
        let peer = state.withLock { $0.pending.removeValue(forKey: pending)?.peer }
        guard let peer else { return }
        guard let connection else { return peer.abandon() }
        _ = state.withLock { $0.connections.updateValue(peer, forKey: connection) }
        peer.onClose { self.ended(connection, peer) }
    }

    // MARK: Connections to peers

    func connect(
        _ connection: PeerConnectionID,
        from relay: TransportAddress,
        to peer: TransportAddress,
        for thread: any RelayInbox
    ) {
        let budgets = state.withLock { $0.budgets[relay] }
        let placeholder = PeerConnection(thread: thread, budgets: budgets)
        let isOpen = state.withLock { state in
            if state.isOpen { state.connections[connection] = placeholder }
            return state.isOpen
        }
        guard isOpen, let local = SocketAddress(relay), let remote = SocketAddress(peer) else {
            return failed(connection, placeholder)
        }
        ClientBootstrap(group: group)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelOption(Self.reusePort, value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .bind(to: local)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.requireSpare(channel)
                    try placeholder.carry(channel)
                }
            }
            .connect(to: remote)
            .whenComplete { result in
                switch result {
                case .success: self.connected(connection, placeholder)
                case .failure(let error):
                    self.logger.debug("cannot connect to a peer", metadata: ["error": "\(error)"])
                    self.failed(connection, placeholder)
                }
            }
    }

    /// Refuses a socket whose descriptor the process keeps for itself.
    ///
    /// The socket itself is judged, as many may be asked for before the first of them is open.
    private static func requireSpare(_ channel: any Channel) throws {
        guard let descriptor = channel.socketDescriptor, DescriptorReserve.current.admits(descriptor) else {
            throw IOError(errnoCode: EMFILE, reason: "socket")
        }
    }

    private func connected(_ connection: PeerConnectionID, _ peer: PeerConnection) {
        let isWanted = state.withLock { $0.connections[connection] === peer }
        guard isWanted else { return peer.abandon() }
        peer.thread.post(.peerConnected(connection))
        peer.onClose { self.ended(connection, peer) }
    }

    private func failed(_ connection: PeerConnectionID, _ peer: PeerConnection) {
        if remove(connection, peer) { peer.thread.post(.peerNotConnected(connection)) }
    }

    private func ended(_ connection: PeerConnectionID, _ peer: PeerConnection) {
        if remove(connection, peer) { peer.thread.post(.peerDisconnected(connection)) }
    }

    /// Forgets a connection; `false` if it was abandoned before.
    private func remove(_ connection: PeerConnectionID, _ peer: PeerConnection) -> Bool {
        state.withLock { state in
            guard state.connections[connection] === peer else { return false }
            state.connections[connection] = nil
            return true
        }
    }

    // MARK: For engines

    func join(_ connection: PeerConnectionID, with client: any StreamClient) {
        guard let client = client as? StreamConnection else {
            preconditionFailure("peers are joined with the connections of StreamListeners")
        }
        guard let peer = state.withLock({ $0.connections[connection] }) else { return client.close() }
        client.join { peer.join($0, on: client.eventLoop) }
    }

    func abandon(_ connection: PeerConnectionID) {
        state.withLock { $0.connections.removeValue(forKey: connection) }?.abandon()
    }
}
