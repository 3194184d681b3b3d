public import EngineIO
import Listening
public import Logging
import NIOCore
import NIOExtras
import NIOPosix
public import ServiceLifecycle

/// Serves Engine.IO on a port of its own; every path that is not Engine.IO's is answered with 404.
public final class EngineHTTPServer: Service {
    /// The port that is listened on.
    public let port: Int

    private let servers: [EngineServer]
    let channel: any Channel
    private let quiescing: ServerQuiescingHelper
    private let logger: Logger

    /// Binds the port; connections are accepted from then on.
    /// - Parameters:
    ///   - servers: The Engine.IO servers, told apart by their paths; at least one, whose time-outs and limits hold for the
    ///     connections.
    ///   - hostname: The address to listen on; `::`, which is every address of both families, unless given.
    ///   - port: The port; 0 lets the system choose.
    ///   - loops: The number of event loops; one for each core unless given.
    ///   - proxyProtocol: The load balancers whose connections begin with a header of HAProxy's PROXY protocol, version 1
    ///     or 2, that says where the client is; none unless given. Theirs are closed without a header; others have none.
    ///   - logger: Where the server's own doings are noted.
    /// - Throws: `IOError` when the address can't be bound.
    public convenience init(
        _ servers: EngineServer...,
        hostname: String = "::",
        port: Int,
        loops: Int? = nil,
        proxyProtocol: [AddressRange] = [],
        logger: Logger = Logger(label: "engineio")
    ) async throws {
        try await self.init(
            servers,
            echoPath: nil,
            hostname: hostname,
            port: port,
            loops: loops,
            proxyProtocol: proxyProtocol,
            logger: logger
        )
    }

    /// Binds the port, and serves a plain WebSocket echo at `echoPath` besides, for suites that test WebSocket alone.
    package init(
        _ servers: [EngineServer],
        echoPath: String?,
        hostname: String = "::",
        port: Int,
        loops: Int?,
        proxyProtocol: [AddressRange] = [],
        logger: Logger
    ) async throws {
        let group =
            loops.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) } ?? MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Accepted sockets inherit it.
            .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptHandler(logger: logger))
                    try channel.pipeline.syncOperations.addHandler(
                        quiescing.makeServerChannelHandler(channel: channel)
                    )
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // As options of the bootstrap they would cost a future each.
                    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                    // A channel keeps the buffer that it last read into. NIO's 2 KiB would be a quarter of what an idle
                    // connection holds; it grows for a channel whose reads fill it.
                    try channel.syncOptions?.setOption(
                        .recvAllocator,
                        value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 65_536)
                    )
                    try channel.serve(behind: proxyProtocol) { channel, client in
                        try channel.configureEngineIO(
                            servers,
                            client: client,
                            other: echoPath.map { path in
                                .pass { try $0.pipeline.syncOperations.addHandler(WebSocketEchoHandler(path: path)) }
                            } ?? .refuse
                        )
                    }
                }
            }
            .bind(host: hostname, port: port)
            .get()
        self.port = channel.localAddress?.port ?? port
        self.servers = servers
        self.quiescing = quiescing
        self.logger = logger
        logger.info("Listening", metadata: ["hostname": "\(hostname)", "port": "\(self.port)"])
    }

    /// Serves until the surrounding service group shuts down or the task is cancelled.
    ///
    /// Then no connection is accepted any more, the clients are sent away over
    /// ``/EngineIO/EngineConfiguration/shutdownGracePeriod``, and this returns when all connections are closed. Those that
    /// are not when the period is over, since their clients take nothing, are closed all the same.
    public func run() async throws {
        try? await gracefulShutdown()
        logger.debug("Closing the connections")
        try? await channel.setOption(.autoRead, value: false).get()
        await withTaskGroup { group in
            for server in servers { group.addTask { await server.shutDown() } }
        }
        let closed = channel.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: closed)
        let patience = servers.map { $0.remainingGrace(at: $0.clock.now()) }.max() ?? .zero
        // Whichever comes first counts; the connections themselves are told the same, and get a moment to do it.
        channel.eventLoop.scheduleTask(in: TimeAmount(patience + .milliseconds(200))) { closed.succeed() }
        await withTaskCancellationHandler {
            try? await closed.futureResult.get()
        } onCancel: {
            closed.succeed()
        }
    }
}

extension Channel {
    /// Has a new connection served, once its header of the PROXY protocol is read if it comes from one of these proxies;
    /// called on its loop.
    func serve(behind proxies: [AddressRange], _ serve: @escaping ProxyHeaderHandler.Serve) throws {
        guard !proxies.isEmpty else { return try serve(self, nil) }
        try pipeline.syncOperations.addHandler(ProxyHeaderHandler(proxies: proxies, serve: serve))
    }

    /// Adds Engine.IO to a connection; called on its loop.
    func configureEngineIO(
        _ servers: [EngineServer],
        security: SecureTransport? = nil,
        client: SocketAddress? = nil,
        other: EngineHTTPHandler.Other
    ) throws {
        let address = client.flatMap { IPAddress($0)?.unmapped }
        try pipeline.syncOperations.addHandler(
            OpeningHandler(servers: servers, security: security, clientAddress: address, other: other)
        )
    }
}
