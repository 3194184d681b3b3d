import NIOCore
import NIOPosix
import NIOSSL
import STUN

/// A socket of the check's.
struct ServerSocket: Sendable {
    /// How to reach a server.
    struct Target: Sendable {
        var transport: Transport
        var address: SocketAddress
        /// The name that the certificate has to be for; `nil` for an IP address.
        var serverName: String?
        /// Whether any certificate will do.
        var trustsAnyCertificate = false
    }

    private let channel: any Channel
    private let handler: NIOLoopBound<TransactionHandler>

    /// Connects to a server.
    /// - Throws: ``CheckFailure``.
    static func connect(
        to target: Target,
        on loop: any EventLoop,
        timeout: Duration
    ) async throws(CheckFailure) -> ServerSocket {
        do {
            let socket = try await open(target, on: loop, timeout: TimeAmount(timeout))
            do {
                try await loop.flatSubmit { socket.handler.value.becomeReady(within: TimeAmount(timeout)) }.get()
            } catch {
                await socket.close()
                throw error
            }
            return socket
        } catch {
            throw CheckFailure(error, over: target.transport)
        }
    }

    private static func open(
        _ target: Target,
        on loop: any EventLoop,
        timeout: TimeAmount
    ) async throws -> ServerSocket {
        if target.transport == .udp {
            // Connected, so that the system tells when nobody listens there.
            return try await DatagramBootstrap(group: loop).connect(to: target.address) { channel in
                channel.eventLoop.makeCompletedFuture { try make(on: channel, for: target) }
            }
        }
        return try await ClientBootstrap(group: loop).connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(to: target.address) { channel in
                channel.eventLoop.makeCompletedFuture { try make(on: channel, for: target) }
            }
    }

    /// Opens a UDP socket that can be a peer: it hears from everybody.
    /// - Parameters:
    ///   - server: Where requests go.
    ///   - loop: What runs the socket.
    /// - Returns: The socket, on a port that the system chooses.
    /// - Throws: ``CheckFailure``.
    static func openPeer(of server: SocketAddress, on loop: any EventLoop) async throws(CheckFailure) -> ServerSocket {
        let target = Target(transport: .udp, address: server)
        do {
            let wildcard = try SocketAddress(ipAddress: server.protocol == .inet6 ? "::" : "0.0.0.0", port: 0)
            return try await DatagramBootstrap(group: loop).bind(to: wildcard) { channel in
                channel.eventLoop.makeCompletedFuture { try make(on: channel, for: target) }
            }
        } catch {
            throw CheckFailure(error, over: .udp)
        }
    }

    private static func make(on channel: any Channel, for target: Target) throws -> ServerSocket {
        let pipeline = channel.pipeline.syncOperations
        switch target.transport {
        case .udp: try pipeline.addHandler(DatagramAdapter(server: target.address))
        case .tls:
            try pipeline.addHandler(makeTLSHandler(for: target))
            try pipeline.addHandler(ByteToMessageHandler(ClientFrameDecoder()))
        case .tcp: try pipeline.addHandler(ByteToMessageHandler(ClientFrameDecoder()))
        }
        let handler = TransactionHandler(transport: target.transport, loop: channel.eventLoop)
        try pipeline.addHandler(handler)
        return ServerSocket(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
    }

    private static func makeTLSHandler(for target: Target) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // RFC 7443; a server that shares its port tells TURN by it.
        configuration.applicationProtocols = ["stun.turn", "stun.nat-discovery"]
        if target.trustsAnyCertificate { configuration.certificateVerification = .none }
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: configuration),
            serverHostname: target.serverName
        )
    }

    /// Sends a request and waits for its response, over UDP sending it again as RFC 8489 §6.2.1 says.
    /// - Throws: ``CheckFailure``.
    func send(
        _ request: ByteBuffer,
        _ id: TransactionID,
        timeout: Duration,
        judge: @escaping @Sendable (ByteBuffer) -> Answer.Verdict
    ) async throws -> ByteBuffer {
        try await channel.eventLoop.flatSubmit {
            handler.value.send(request, id, timeout: TimeAmount(timeout), judge: judge)
        }.get()
    }

    /// Sends to the server what it does not answer.
    func post(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// Sends a datagram to somebody else than the server; of sockets of ``openPeer(of:on:)`` only.
    func post(_ bytes: ByteBuffer, to address: SocketAddress) {
        channel.triggerUserOutboundEvent(DatagramAdapter.Post(bytes: bytes, address: address), promise: nil)
    }

    /// Waits for data, which `send` sends again and again.
    /// - Returns: How long it took.
    /// - Throws: ``CheckFailure``.
    func receive(
        _ payload: ByteBuffer,
        timeout: Duration,
        send: @escaping @Sendable () -> Void
    ) async throws(CheckFailure) -> Duration {
        let start = ContinuousClock.now
        do {
            try await channel.eventLoop.flatSubmit {
                handler.value.expect(payload, timeout: TimeAmount(timeout), send: send)
            }.get()
        } catch {
            throw CheckFailure(error, over: .udp)
        }
        return start.duration(to: .now)
    }

    /// Closes the socket.
    func close() async {
        try? await channel.close()
    }
}

/// Takes datagrams out of their envelopes and puts requests into one to the server.
private final class DatagramAdapter: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// A datagram to somebody else.
    struct Post: Sendable {
        var bytes: ByteBuffer
        var address: SocketAddress
    }

    private let server: SocketAddress

    init(server: SocketAddress) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let envelope = AddressedEnvelope(remoteAddress: server, data: unwrapOutboundIn(data))
        context.write(wrapOutboundOut(envelope), promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let post = event as? Post else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        let envelope = AddressedEnvelope(remoteAddress: post.address, data: post.bytes)
        context.writeAndFlush(wrapOutboundOut(envelope), promise: promise)
    }
}

/// Cuts what comes over TCP into messages of STUN and ChannelData (RFC 8489 §6.2.2, RFC 8656 §12.5).
struct ClientFrameDecoder: NIOSingleStepByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    mutating func decode(buffer: inout ByteBuffer) throws(CheckFailure) -> ByteBuffer? {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard first & 0x80 == 0 else { throw .notSTUN }
        let isChannelData = first & 0x40 != 0
        // The check has one channel. A web server's answer begins with a letter that would be another.
        guard !isChannelData || first == UInt8(RelayProbe.channel >> 8) else { throw .notSTUN }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 2, as: UInt16.self) else { return nil }
        if isChannelData { return buffer.readSlice(length: (Int(length) + 4 + 3) & ~3) }
        if let cookie = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self),
            cookie != STUNMessage.magicCookie
        {
            throw .notSTUN
        }
        return buffer.readSlice(length: Int(length) + STUNMessage.headerLength)
    }

    mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws(CheckFailure) -> ByteBuffer? {
        try decode(buffer: &buffer)
    }
}
