import Locking
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// What a server tells those who run it.
package struct MonitoringAnswers: Sendable {
    /// All metrics, as Prometheus reads them.
    package var metrics: @Sendable () async -> String
    /// What does not work, a line each.
    package var problems: @Sendable () async -> [String]
    /// What it is and does; `nil` where nobody is to know.
    package var status: (@Sendable () async -> ServerStatus)?

    /// Makes the answers.
    package init(
        metrics: @escaping @Sendable () async -> String,
        problems: @escaping @Sendable () async -> [String],
        status: (@Sendable () async -> ServerStatus)? = nil
    ) {
        self.metrics = metrics
        self.problems = problems
        self.status = status
    }

    /// The answer to a request.
    func answer(
        _ method: HTTPMethod,
        _ target: String
    ) async -> (status: HTTPResponseStatus, type: String, body: String) {
        let plain = "text/plain; charset=utf-8"
        guard method == .GET || method == .HEAD else { return (.methodNotAllowed, plain, "Only GET is answered.\n") }
        switch target.prefix(while: { $0 != "?" }) {
        case "/metrics": return (.ok, "text/plain; version=0.0.4; charset=utf-8", await metrics())
        case "/healthz": return (.ok, plain, "ok\n")
        case "/readyz":
            let problems = await problems()
            let text = problems.isEmpty ? "ok\n" : problems.map { "\($0)\n" }.joined()
            return (problems.isEmpty ? .ok : .serviceUnavailable, plain, text)
        case "/status":
            guard let status = await status?(), let json = try? status.json() else { break }
            return (.ok, "application/json", "\(json)\n")
        default: break
        }
        return (.notFound, plain, "There is nothing here.\n")
    }
}

/// Answers those who run a server, over HTTP beside all else: on a port for metrics, or on a socket in the data directory
/// for `linkup status`.
package struct MonitoringServer: Service {
    /// Where it listens.
    package enum Place: Sendable {
        /// On a TCP port; without it the server ends.
        case port(MonitoringAddress)
        /// On a socket in the file system; the server does without where there can be none.
        case socket(String)
    }

    /// The address can't be listened on.
    package struct Unusable: Error, CustomStringConvertible {
        /// One sentence without a full stop.
        package let description: String
    }

    /// So many connections at once; beyond them they are closed.
    ///
    /// Collectors and people at a terminal have one each.
    static let maximumConnections = 64
    /// How long a connection may be silent.
    static let idleTime = TimeAmount.seconds(60)

    private let place: Place
    private let answers: MonitoringAnswers
    private let logger: Logger

    /// Makes a server.
    /// - Parameters:
    ///   - place: Where it listens.
    ///   - answers: What it answers.
    ///   - logger: Where it says on which port.
    package init(on place: Place, _ answers: MonitoringAnswers, logger: Logger) {
        self.place = place
        self.answers = answers
        self.logger = logger
    }

    package func run() async throws {
        let channel: any Channel
        do {
            channel = try await bind()
        } catch {
            switch place {
            case .port(let address): throw Unusable(description: "cannot listen on \(address) for metrics: \(error)")
            case .socket:
                // Calls and chat do not depend on it.
                logger.warning("'linkup status' can't reach this server", metadata: ["error": "\(error)"])
                try await gracefulShutdown()
                return
            }
        }
        if case .port(let address) = place, let port = channel.localAddress?.port {
            logger.notice("Metrics are served at http://\(address.with(port: port))/metrics")
        }
        // What is open then ends with the process.
        try? await gracefulShutdown()
        try? await channel.close()
    }

    private func bind() async throws -> any Channel {
        let count = ConnectionCount()
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [answers] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTime))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(MonitoringHandler(answers, count: count))
                }
            }
        switch place {
        case .port(let address): return try await bootstrap.bind(host: address.host, port: address.port).get()
        case .socket(let path):
            // One that is there is of a server that has ended: the data directory is this one's.
            SocketFile.remove(path)
            let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            SocketFile.restrict(path)
            return channel
        }
    }
}

/// Answers the requests of one connection, one at a time, as the pipeline lets them through.
private final class MonitoringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answers: MonitoringAnswers
    private let count: ConnectionCount
    private var isCounted = false
    private var head: HTTPRequestHead?

    init(_ answers: MonitoringAnswers, count: ConnectionCount) {
        self.answers = answers
        self.count = count
    }

    func channelActive(context: ChannelHandlerContext) {
        isCounted = count.add(most: MonitoringServer.maximumConnections)
        if !isCounted { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isCounted { count.remove() }
        isCounted = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head { answer(head, on: context.channel) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ request: HTTPRequestHead, on channel: any Channel) {
        let answers = answers
        // The loop owns the task: it ends with the answer.
        channel.eventLoop.makeFutureWithTask { await answers.answer(request.method, request.uri) }
            .whenSuccess { status, type, text in
                let body = ByteBuffer(string: text)
                let fields: HTTPHeaders = [
                    "Content-Type": type, "Content-Length": "\(body.readableBytes)", "Cache-Control": "no-store",
                    "X-Content-Type-Options": "nosniff", "Connection": request.isKeepAlive ? "keep-alive" : "close",
                ]
                let head = HTTPResponseHead(version: request.version, status: status, headers: fields)
                channel.write(HTTPServerResponsePart.head(head), promise: nil)
                if request.method != .HEAD {
                    channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
                }
                channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                    if !request.isKeepAlive { channel.close(promise: nil) }
                }
            }
    }
}

/// How many connections there are.
private final class ConnectionCount: Sendable {
    private let count = Mutex(0)

    /// Counts one more, unless there are that many.
    func add(most: Int) -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    /// Counts one less.
    func remove() {
        count.withLock { $0 -= 1 }
    }
}
