import NIOCore
import NIOPosix
import STUN

/// Asks a port of STUN and TURN which address it sees, as any client does.
struct PortProbe: Sendable, CustomStringConvertible {
    /// How the port is reached.
    enum Transport: String, Sendable {
        case udp = "UDP"
        case tcp = "TCP"
        /// A connection is all that is asked for: the certificate is for the names of clients, not for this machine.
        case tls = "TLS"
    }

    /// After how long a datagram is sent again: the way is short, but a buffer may be full.
    private static let repetition = TimeAmount.milliseconds(250)

    /// How the port is reached.
    var transport: Transport
    /// Where it is.
    var address: SocketAddress

    var description: String {
        "\(transport.rawValue) \(address.ipAddress ?? ""):\(address.port ?? 0)"
    }

    /// The ports of a server.
    /// - Parameters:
    ///   - addresses: Where it listens; for every address it is asked on loopback.
    ///   - hasTCP: Whether it listens on TCP as well.
    ///   - tlsPort: Its port for TLS.
    /// - Returns: A probe for each.
    static func all(of addresses: [TransportAddress], hasTCP: Bool, tlsPort: Int?) -> [Self] {
        addresses.flatMap { address -> [Self] in
            let ip = "\(address.ip)"
            let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][ip] ?? ip
            let ports: [(Transport, Int?)] = [
                (.udp, Int(address.port)), (.tcp, hasTCP ? Int(address.port) : nil), (.tls, tlsPort),
            ]
            return ports.compactMap { transport, port in
                guard let port, let address = try? SocketAddress(ipAddress: host, port: port) else { return nil }
                return Self(transport: transport, address: address)
            }
        }
    }

    /// Asks.
    /// - Parameter timeout: How long an answer is waited for.
    /// - Returns: Whether one came.
    func isAnswered(within timeout: Duration) async -> Bool {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Void.self)
        let deadline = loop.scheduleTask(in: TimeAmount(timeout)) { promise.fail(ChannelError.connectTimeout(.zero)) }
        defer { deadline.cancel() }
        do {
            let channel = try await open(on: loop, timeout: TimeAmount(timeout), promise)
            if transport == .tls { promise.succeed() }
            let isAnswered = (try? await promise.futureResult.get()) != nil
            try? await channel.close()
            return isAnswered
        } catch {
            promise.fail(error)
            return false
        }
    }

    private func open(
        on loop: any EventLoop,
        timeout: TimeAmount,
        _ promise: EventLoopPromise<Void>
    ) async throws -> any Channel {
        guard transport == .udp else {
            let bootstrap = ClientBootstrap(group: loop).connectTimeout(timeout).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard transport == .tcp else { return }
                    try channel.pipeline.syncOperations.addHandler(BindingHandler(promise, repetition: nil))
                }
            }
            return try await bootstrap.connect(to: address).get()
        }
        // Connected, so that the system says when nobody listens.
        let bootstrap = DatagramBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers(
                    DatagramBytes(address),
                    BindingHandler(promise, repetition: Self.repetition)
                )
            }
        }
        return try await bootstrap.connect(to: address).get()
    }
}

/// Sends a Binding request, and again, until its response has come (RFC 8489 §6.2).
private final class BindingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let promise: EventLoopPromise<Void>
    private let repetition: TimeAmount?
    private let id = TransactionID.random()
    private var received = ByteBuffer()
    private var timer: RepeatedTask?

    init(_ promise: EventLoopPromise<Void>, repetition: TimeAmount?) {
        self.promise = promise
        self.repetition = repetition
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = STUNMessageWriter(MessageType(.request, .binding), transactionID: id).finish()
        let channel = context.channel
        channel.writeAndFlush(request, promise: nil)
        guard let repetition else { return }
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: repetition, delay: repetition) { _ in
            channel.writeAndFlush(request, promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        if isAnswer(received.readableBytesUInt8Span) { promise.succeed() }
    }

    private func isAnswer(_ bytes: Span<UInt8>) -> Bool {
        do throws(STUNError) {
            let message = try STUNMessage(bytes)
            return message.type == MessageType(.successResponse, .binding) && message.transactionID == id
        } catch {
            // A message that is not whole yet is none.
            return false
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        promise.fail(ChannelError.eof)
    }
}

/// Makes bytes of datagrams, and datagrams of bytes.
private final class DatagramBytes: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let address: SocketAddress

    init(_ address: SocketAddress) {
        self.address = address
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let envelope = AddressedEnvelope(remoteAddress: address, data: unwrapOutboundIn(data))
        context.write(wrapOutboundOut(envelope), promise: promise)
    }
}
