import EngineIO
import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import EngineIOTransport

/// What needs a socket: peers that take nothing, stops, and limits.
@Suite struct HTTPSocketTests {
    /// What a client does.
    enum Client: String, CaseIterable, CustomTestStringConvertible {
        case silent, halfHead, body, chunkedBody, unwantedBody, upgradeWithBody
        /// Asks for 4 MB, of which it reads nothing.
        case unread

        var testDescription: String { rawValue }

        var bytes: String {
            let host = "Host: localhost\r\n"
            let post = "POST /engine.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\n\(host)"
            return switch self {
            case .silent: ""
            case .halfHead: "GET /eng"
            case .body, .unwantedBody: "\(post)Content-Length: 50\r\n\r\n4"
            case .chunkedBody: "\(post)Transfer-Encoding: chunked\r\n\r\n1\r\n4\r\n"
            case .upgradeWithBody:
                "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\n\(host)"
                    + HTTPTestClient.upgradeHeaders.map { $0 + "\r\n" }.joined() + "Content-Length: 5\r\n\r\n"
            case .unread: "GET /engine.io/socket.io.js HTTP/1.1\r\n\(host)\r\n"
            }
        }
    }

    /// Says that the services run.
    private struct Signal: Service {
        let continuation: AsyncStream<Void>.Continuation

        func run() async throws {
            continuation.finish()
            try await gracefulShutdown()
        }
    }

    private static let files = ClientFiles(["socket.io.js": Data(repeating: 0x61, count: 16 << 20)])

    private func serve(_ configuration: EngineConfiguration) async throws -> (EngineServer, EngineHTTPServer) {
        let engine = EngineServer(TestApplication(), configuration: configuration, clientFiles: Self.files)
        return (engine, try await EngineHTTPServer(engine, hostname: "127.0.0.1", port: 0, loops: 1))
    }

    /// Connects; the peer reads nothing unless told to.
    private func connect(_ server: EngineHTTPServer, reads: Bool) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .connect(host: "127.0.0.1", port: server.port)
            .get()
    }

    private func send(_ bytes: String, on channel: any Channel) async throws {
        if !bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(string: bytes)) }
    }

    @Test(arguments: Client.allCases)
    func nobodyHoldsAConnectionForNothing(client: Client) async throws {
        let time = Duration.milliseconds(200)
        // A client that is to end by one deadline meets no other, however busy the machine is.
        let timeouts =
            client == .unread
            ? HTTPTimeouts(response: time) : HTTPTimeouts(head: time, body: time, response: time, idle: time)
        let (engine, server) = try await serve(EngineConfiguration(httpTimeouts: timeouts))
        let channel = try await connect(server, reads: client != .unread)
        if client == .unread {
            try await send(client.bytes, on: channel)
            for _ in 0..<1000 where await engine.counters().httpTimeouts(.response) == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(await engine.counters().httpTimeouts(.response) == 1)
            try await channel.close()
        } else {
            // On a busy machine the time may be over before.
            try? await send(client.bytes, on: channel)
            try await channel.closeFuture.get()
        }
        try await server.channel.close()
    }

    @Test(arguments: Client.allCases)
    func aStopWaitsForNobody(client: Client) async throws {
        let (_, server) = try await serve(EngineConfiguration(shutdownGracePeriod: .milliseconds(300)))
        let channel = try await connect(server, reads: client != .unread)
        try await send(client.bytes, on: channel)
        // Another connection is answered: what was sent first has been read.
        let other = try await connect(server, reads: true)
        try await send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", on: other)
        try await other.closeFuture.get()
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let services: [any Service] = [server, Signal(continuation: continuation)]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: Logger(label: "test"))
        )
        async let end: Void = group.run()
        for await _ in started {}
        let begin = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await end
        // Far less than the half minute that a response may wait for its peer.
        #expect(ContinuousClock.now - begin < .seconds(10))
        if client != .unread { try await channel.closeFuture.get() } else { try await channel.close() }
    }

    @Test func thereAreSoManySockets() async throws {
        let limits = ConnectionLimits(maxSocketsPerAddress: 2)
        let (engine, server) = try await serve(EngineConfiguration(limits: limits))
        let first = try await connect(server, reads: true)
        let second = try await connect(server, reads: true)
        // Both are counted once they are answered.
        for channel in [first, second] { try await send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", on: channel) }
        let third = try await connect(server, reads: true)
        try await third.closeFuture.get()
        #expect(first.isActive)
        #expect(second.isActive)
        #expect(await engine.counters().refusedSockets == 1)
        try await first.close()
        for attempt in 1...100 {
            let next = try await connect(server, reads: true)
            try? await send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", on: next)
            try? await next.closeFuture.get()
            // The server notices that the first has gone when it has read so.
            let refused = await engine.counters().refusedSockets
            if refused < attempt + 1 { break }
            #expect(attempt < 100)
        }
        try await second.close()
        try await server.channel.close()
    }
}
