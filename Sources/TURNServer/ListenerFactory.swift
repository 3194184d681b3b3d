import Logging
import NIOCore
import NIOPosix
import STUN

/// Makes the sockets of a server, with the handlers that serve them.
struct ListenerFactory: Sendable {
    let configuration: STUNServer.Configuration
    let group: any EventLoopGroup
    let responder: BindingResponder
    let store: CounterStore
    let registry: ConnectionRegistry
    let logger: Logger

    /// How many datagrams one system call may bring.
    private static let datagramsPerRead = 16
    /// Room for each, above any Ethernet frame.
    ///
    /// A longer datagram arrives cut off and is dropped as malformed.
    private static let maximumDatagramLength = 2048
    /// How many connections may wait to be accepted.
    private static let backlog: ChannelOptions.Types.BacklogOption.Value = 256

    /// Each family has a socket of its own, so that no IPv4 address appears in IPv6 form.
    private static let ipv6Only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)

    /// Makes a UDP socket.
    ///
    /// Without address reuse: Linux would let another process take the port over and see the traffic.
    func bindUDP(_ address: SocketAddress) async throws -> any Channel {
        let receiveBuffer = FixedSizeRecvByteBufferAllocator(
            capacity: Self.datagramsPerRead * Self.maximumDatagramLength
        )
        var bootstrap = DatagramBootstrap(group: group)
            .channelOption(.recvAllocator, value: receiveBuffer)
            .channelOption(.datagramVectorReadMessageCount, value: Self.datagramsPerRead)
            .channelInitializer { [responder, store, logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = DatagramHandler(responder: responder, store: store, logger: logger)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        if address.protocol == .inet6 {
            bootstrap = bootstrap.channelOption(Self.ipv6Only, value: 1)
        }
        let channel = try await attempt("UDP", address) {
            try await bootstrap.bind(to: address).get()
        }
        // Only a bound channel accepts the option; what arrived before is answered from an address of the system's
        // choice.
        try await channel.setOption(.receivePacketInfo, value: true).get()
        return channel
    }

    /// Makes a listening TCP socket.
    func bindTCP(_ address: SocketAddress) async throws -> any Channel {
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try addStreamHandlers(to: channel) }
            }
        if address.protocol == .inet6 {
            bootstrap = bootstrap.serverChannelOption(Self.ipv6Only, value: 1)
        }
        return try await attempt("TCP", address) {
            try await bootstrap.bind(to: address).get()
        }
    }

    private func addStreamHandlers(to channel: any Channel) throws {
        let decoder = STUNFrameDecoder(framing: StreamFraming())
        let handler = StreamHandler(
            responder: responder,
            store: store,
            registry: registry,
            idleTimeout: TimeAmount(configuration.idleTimeout),
            logger: logger
        )
        try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), handler])
    }

    private func attempt(
        _ transport: String,
        _ address: SocketAddress,
        _ bind: () async throws -> any Channel
    ) async throws -> any Channel {
        do {
            return try await bind()
        } catch let error as IOError {
            let text = TransportAddress(address)?.description ?? "\(address)"
            throw BindError(address: text, transport: transport, reason: BindError.Reason(errno: error.errnoCode))
        }
    }
}
