import Listening
import Locking
import Logging
import NIOCore
import NIOPosix
import STUN
import TURN

import struct Synchronization.Atomic

/// Accepts TCP and TLS connections and gives each to a relay thread.
final class StreamListeners: Sendable {
    /// A connection that is closed because there are too many, or because the server is.
    struct Refused: Error {}

    private struct State {
        var listeners: [any Channel] = []
        var isClosed = false
    }

    /// How many connections may wait to be accepted.
    private static let backlog: ChannelOptions.Types.BacklogOption.Value = 256

    /// Each family has a socket of its own, so that no IPv4 address appears in IPv6 form.
    private static let ipv6Only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)

    /// The certificate, if there is one.
    let tls: TLSContexts?
    private let limits: StreamLimits
    private let group: any EventLoopGroup
    private let threads: [any RelayInbox]
    private let counters: CounterStore
    private let logger: Logger
    private let notices: StreamNotices
    private let registry: StreamRegistry
    private let next = Atomic(0)
    private let state = Mutex(State())

    /// Makes listeners; nothing is listened on yet.
    /// - Parameters:
    ///   - limits: What connections may cost.
    ///   - tls: The certificate, if there is one.
    ///   - group: What runs the connections.
    ///   - threads: Who serves them, one after the other.
    ///   - counters: Where connections are counted.
    ///   - logger: Where errors of connections are noted, at debug level.
    init(
        limits: StreamLimits,
        tls: TLSContexts?,
        group: any EventLoopGroup,
        threads: [any RelayInbox],
        counters: CounterStore,
        logger: Logger
    ) {
        self.limits = limits
        self.tls = tls
        self.group = group
        self.threads = threads
        self.counters = counters
        self.logger = logger
        notices = StreamNotices(logger: logger)
        registry = StreamRegistry(limit: limits.connections, limitPerNetwork: limits.connectionsPerNetwork)
    }

    /// Listens on an address.
    ///
    /// With a certificate, TLS is served on every port, and plain TCP on the one for TLS: the first byte tells.
    /// - Parameters:
    ///   - address: The address; port 0 lets the system choose.
    ///   - tls: Whether the port is the one for TLS; only for what errors say.
    /// - Returns: The address with its port.
    /// - Throws: ``BindError``.
    func bind(_ address: SocketAddress, tls: Bool) async throws -> SocketAddress {
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [logger, counters] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = AcceptHandler(logger: logger) { counters.update { $0.connectionsRefused += 1 } }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Requests before the end of a client's input are answered, and peers' connections end one way at a time.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        if address.protocol == .inet6 {
            bootstrap = bootstrap.serverChannelOption(Self.ipv6Only, value: 1)
        }
        let listener: any Channel
        do {
            listener = try await bootstrap.bind(to: address).get()
        } catch let error as IOError {
            let text = TransportAddress(address)?.description ?? "\(address)"
            let reason = BindError.Reason(errno: error.errnoCode)
            throw BindError(address: text, transport: tls ? "TLS" : "TCP", reason: reason)
        }
        let isOpen = state.withLock { state in
            if !state.isClosed { state.listeners.append(listener) }
            return !state.isClosed
        }
        guard isOpen else {
            try? await listener.close()
            throw CancellationError()
        }
        return listener.localAddress ?? address
    }

    /// Closes the listeners that were opened so far; more may be opened.
    func closeListeners() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { try? await listener.close() }
    }

    /// Closes the listeners and all connections; returns when they are closed.
    func close() async {
        state.withLock { $0.isClosed = true }
        await closeListeners()
        await registry.closeAll()
    }

    private func accept(_ channel: any Channel) throws {
        try admit(channel)
        guard let tls else { return try serve(channel, isSecure: false) }
        let sharing = PortSharing(
            tls: tls,
            timeout: limits.handshakeTimeout,
            onInsecure: { [counters, notices] error, channel in
                counters.update { $0.connectionsInsecure += 1 }
                notices.tell(.insecure, of: Self.client(of: channel), error)
            },
            install: { [counters, notices] content, channel in
                guard case .turn(let isSecure) = content else {
                    counters.update { $0.connectionsInvalid += 1 }
                    notices.tell(.invalid, of: Self.client(of: channel))
                    throw Refused()
                }
                try self.serve(channel, isSecure: isSecure)
            }
        )
        try sharing.add(to: channel)
    }

    /// Takes over a connection that somebody else has accepted and that carries TURN, on its loop.
    ///
    /// What came of it so far is to be fired at the end of the pipeline afterwards. Remote half-closure should be allowed.
    /// - Parameters:
    ///   - channel: The connection.
    ///   - isSecure: Whether TLS ends in the channel's pipeline.
    ///   - clientAddress: Where the client is, if a proxy has said so; that of the connection unless given.
    /// - Throws: ``Refused`` if there are too many connections; the caller closes it.
    func adopt(_ channel: any Channel, isSecure: Bool, clientAddress: SocketAddress?) throws {
        try admit(channel, from: clientAddress)
        try serve(channel, from: clientAddress, isSecure: isSecure)
    }

    private func admit(_ channel: any Channel, from clientAddress: SocketAddress? = nil) throws {
        let remote = clientAddress ?? channel.remoteAddress
        guard let client = remote.flatMap({ TransportAddress($0) })?.ip.unmapped else { throw Refused() }
        let reason: StreamNotices.Reason
        switch registry.admit(channel, from: client) {
        case .admitted: return
        case .closed: throw Refused()
        case .tooMany: reason = .tooMany
        case .tooManyOfNetwork: reason = .tooManyOfNetwork
        }
        counters.update { $0.connectionsRefused += 1 }
        notices.tell(reason, of: client)
        throw Refused()
    }

    private static func client(of channel: any Channel) -> IPAddress? {
        channel.remoteAddress.flatMap { TransportAddress($0) }?.ip.unmapped
    }

    private func serve(
        _ channel: any Channel,
        from clientAddress: SocketAddress? = nil,
        isSecure: Bool
    ) throws {
        guard let remote = (clientAddress ?? channel.remoteAddress).flatMap({ TransportAddress($0) }),
            let local = channel.localAddress.flatMap({ TransportAddress($0) })
        else { throw Refused() }
        counters.update { $0.connectionsAccepted += 1 }
        let handler = StreamConnectionHandler(
            limits: limits,
            counters: counters,
            notices: notices,
            logger: logger,
            at: .now()
        )
        let thread = threads[next.wrappingAdd(1, ordering: .relaxed).oldValue % threads.count]
        let connection = StreamConnection(
            handler,
            transport: isSecure ? .tls : .tcp,
            remoteAddress: remote.unmapped,
            localAddress: local.unmapped,
            thread: thread,
            eventLoop: channel.eventLoop,
            limits: limits
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        handler.serve(connection)
        channel.closeFuture.whenComplete { _ in thread.post(.disconnected(connection)) }
    }
}
