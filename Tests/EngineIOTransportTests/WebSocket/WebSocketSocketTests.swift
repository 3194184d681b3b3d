import EngineIO
import Locking
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import EngineIOTransport

/// What WebSockets do on sockets of the system: peers that read nothing, and a move to another loop.
@Suite struct WebSocketSocketTests {
    /// Collects what a client is sent.
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let state = Mutex(ByteBuffer())

        var text: String { String(buffer: bytes) }

        var bytes: ByteBuffer { state.withLock { $0 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            state.withLock { _ = $0.writeImmutableBuffer(bytes) }
        }

        func ends(with end: ByteBuffer) -> Bool {
            let bytes = bytes
            let begin = bytes.writerIndex - end.readableBytes
            guard begin > 0 else { return false }
            return bytes.getSlice(at: begin, length: end.readableBytes) == end
        }

        /// Waits for something that is sent.
        func contains(_ text: String) async throws {
            for _ in 0..<1000 where !self.text.contains(text) { try await Task.sleep(for: .milliseconds(10)) }
            #expect(self.text.contains(text))
        }
    }

    private func connect(
        _ port: Int,
        reads: Bool = true,
        receiveBuffer: Int = 4096,
        _ collector: Collector = Collector()
    ) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
            .channelInitializer { channel in channel.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: port)
            .get()
    }

    private func upgrade(_ query: String) -> ByteBuffer {
        let lines = ["GET /engine.io/?EIO=4&transport=websocket\(query) HTTP/1.1", "Host: a"]
        return ByteBuffer(string: (lines + HTTPTestClient.upgradeHeaders).map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// A text frame, masked with zeros.
    private func frame(_ text: String) -> ByteBuffer {
        var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0])
        frame.writeString(text)
        return frame
    }

    @Test func whoReadsNothingIsClosedAndCounted() async throws {
        let application = TestApplication()
        let configuration = EngineConfiguration(pingTimeout: .seconds(600), sendTimeout: .milliseconds(300))
        let engine = EngineServer(application, configuration: configuration)
        let server = try await EngineHTTPServer(engine, hostname: "127.0.0.1", port: 0, loops: 1)
        let channel = try await connect(server.port, reads: false)
        try await channel.writeAndFlush(upgrade(""))
        for _ in 0..<1000 where application.connection == nil { try await Task.sleep(for: .milliseconds(10)) }
        let connection = try #require(application.connection)
        connection.loop.execute { connection.send(.binary(ByteBuffer(repeating: 0, count: 32 << 20))) }
        for _ in 0..<1000 where application.closeReasons.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(application.closeReasons == [.sendTimeout])
        let counters = await engine.counters()
        #expect(counters.closes(.sendTimeout) == 1)
        #expect(counters.webSocket.connections == 0)
        #expect(counters.bufferedBytes == 0)
        #expect(engine.sessionCount == 0)
        // It may have noticed.
        try? await channel.close()
        try await server.channel.close()
    }

    /// The socket takes parts of what is written to it, and what it does not take goes another way.
    @Test(arguments: [1, 2]) func whatASlowClientIsSentComesWholeAndInOrder(loops: Int) async throws {
        let application = TestApplication()
        let configuration = EngineConfiguration(pingInterval: .seconds(600), maxBufferedBytes: 64 << 20)
        let engine = EngineServer(application, configuration: configuration)
        let server = try await EngineHTTPServer(engine, hostname: "127.0.0.1", port: 0, loops: loops)
        let collector = Collector()
        let channel = try await connect(server.port, reads: false, receiveBuffer: 1 << 18, collector)
        try await channel.writeAndFlush(upgrade(""))
        for _ in 0..<1000 where application.connection == nil { try await Task.sleep(for: .milliseconds(10)) }
        let connection = try #require(application.connection)
        var expected = ByteBuffer()
        for wave in 0..<20 {
            // From a few bytes to more than all buffers of the system hold.
            let messages = [1, 200, 5_000, wave == 10 ? 6 << 20 : 70_000].map { size in
                EncodedMessage.binary(ByteBuffer(repeating: UInt8(wave), count: size))
            }
            for message in messages { expected.writeImmutableBuffer(message.frame) }
            connection.loop.execute { for message in messages { connection.send(message) } }
            // Now and then it reads a little.
            if wave % 3 == 0 { channel.read() }
        }
        try await channel.setOption(ChannelOptions.autoRead, value: true).get()
        for _ in 0..<2000 where !collector.ends(with: expected) { try await Task.sleep(for: .milliseconds(10)) }
        // Before them stand the response and the packet that opens the session.
        #expect(collector.ends(with: expected))
        #expect(application.closeReasons.isEmpty)
        try await channel.close()
        try await server.channel.close()
    }

    /// It counts where the PROXY protocol says that the client is, as before it moved.
    @Test func aWebSocketThatMovedCountsWhereItsClientIs() async throws {
        let application = TestApplication()
        let limits = ConnectionLimits(maxSocketsPerAddress: 2)
        let engine = EngineServer(application, configuration: EngineConfiguration(limits: limits))
        let server = try await EngineHTTPServer(
            engine,
            hostname: "127.0.0.1",
            port: 0,
            loops: 2,
            proxyProtocol: ["127.0.0.1"]
        )
        let header = ByteBuffer(string: "PROXY TCP4 203.0.113.1 192.0.2.2 1000 80\r\n")
        let polled = Collector()
        let polling = try await connect(server.port, polled)
        try await polling.writeAndFlush(header)
        try await polling.writeAndFlush(
            ByteBuffer(string: "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n")
        )
        try await polled.contains("\"sid\":\"")
        let session = try #require(application.connection)
        let collector = Collector()
        let channel = try await connect(server.port, collector)
        try await channel.writeAndFlush(header)
        try await channel.writeAndFlush(upgrade("&sid=\(session.id)"))
        try await collector.contains("101 Switching Protocols")
        for _ in 0..<1000 where engine.movedWebSockets.count == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(engine.movedWebSockets.count == 1)
        let third = try await connect(server.port)
        try? await third.writeAndFlush(header)
        try? await third.writeAndFlush(ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
        try await third.closeFuture.get()
        #expect(await engine.counters().refusedSockets == 1)
        try await channel.close()
        try await polling.close()
        try await server.channel.close()
    }

    /// Says that the services run.
    private struct Signal: Service {
        let continuation: AsyncStream<Void>.Continuation

        func run() async throws {
            continuation.finish()
            try await gracefulShutdown()
        }
    }

    /// The listener does not know the socket that takes over.
    @Test func aStopEndsAWebSocketThatMovedToAnotherLoop() async throws {
        let application = TestApplication()
        let engine = EngineServer(
            application,
            configuration: EngineConfiguration(shutdownGracePeriod: .milliseconds(300))
        )
        let server = try await EngineHTTPServer(engine, hostname: "127.0.0.1", port: 0, loops: 2)
        let polled = Collector()
        let polling = try await connect(server.port, polled)
        try await polling.writeAndFlush(
            ByteBuffer(string: "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n")
        )
        try await polled.contains("\"sid\":\"")
        let session = try #require(application.connection)
        let collector = Collector()
        let channel = try await connect(server.port, collector)
        try await channel.writeAndFlush(upgrade("&sid=\(session.id)"))
        try await collector.contains("101 Switching Protocols")
        // Connections go to the loops in turn.
        for _ in 0..<1000 where engine.movedWebSockets.count == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(engine.movedWebSockets.count == 1)
        try await channel.writeAndFlush(frame("2probe"))
        try await collector.contains("3probe")
        try await channel.writeAndFlush(frame("5"))
        for _ in 0..<1000 where application.transports.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(application.transports == [.webSocket])

        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [server, Signal(continuation: continuation)],
                logger: Logger(label: "test")
            )
        )
        async let end: Void = group.run()
        for await _ in started {}
        let begin = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await end
        #expect(ContinuousClock.now - begin < .seconds(10))
        #expect(application.closeReasons == [.serverShuttingDown])
        // It does not answer the close frame, and is closed all the same.
        try await channel.closeFuture.get()
        #expect(engine.movedWebSockets.count == 0)
        try? await polling.close()
    }
}
