import EngineIO
import Locking
import NIOCore
import NIOPosix
import Testing

@testable import EngineIOTransport

/// Connections at the edge of what the process keeps of its descriptors for itself.
@Suite(.serialized) struct DescriptorTests {
    private static let poll = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func upgrade(_ session: String) -> String {
        let lines = ["GET /engine.io/?EIO=4&transport=websocket&sid=\(session) HTTP/1.1", "Host: a"]
        return (lines + HTTPTestClient.upgradeHeaders).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A client, and what it was sent.
    private final class Client: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let received = Mutex(ByteBuffer())

        var text: String { received.withLock { String(buffer: $0) } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            received.withLock { _ = $0.writeImmutableBuffer(bytes) }
        }

        func connect(_ port: Int) async throws -> any Channel {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in channel.pipeline.addHandler(self) }
                .connect(to: SocketAddress(ipAddress: "127.0.0.1", port: port)).get()
        }

        /// Sends a request.
        /// - Returns: Whether there is an answer; the connection is closed if there is none.
        func isAnswered(_ request: String, on channel: any Channel) async throws -> Bool {
            try? await channel.writeAndFlush(ByteBuffer(string: request))
            try await Descriptors.wait(for: "an answer or the end") { !text.isEmpty || !channel.isActive }
            return !text.isEmpty
        }
    }

    @Test func connectionsBeyondTheReserveAreClosed() async throws {
        await #expect(processExitsWith: .success) {
            let server = try await EngineHTTPServer(
                EngineServer(TestApplication()),
                hostname: "127.0.0.1",
                port: 0,
                loops: 1
            )
            // Makes what the process keeps: the loops of clients too.
            try await MultiThreadedEventLoopGroup.singleton.next().submit {}.get()
            try await Descriptors.warmUp()
            let before = Descriptors.count
            // The client's own, and none for the accepted one.
            Descriptors.spare(1)
            let refused = Client()
            let channel = try await refused.connect(server.port)
            Descriptors.require(try await !refused.isAnswered(DescriptorTests.poll, on: channel))
            try await Descriptors.settle(at: before, "after a refusal")
            Descriptors.spare(2)
            // The limit is remembered for a second.
            try await Descriptors.wait(for: "an answer") {
                let client = Client()
                let channel = try await client.connect(server.port)
                guard try await client.isAnswered(DescriptorTests.poll, on: channel) else { return false }
                precondition(client.text.hasPrefix("HTTP/1.1 200"))
                try await Descriptors.settle(at: before + 2, "in use")
                try await channel.close()
                return true
            }
            try await Descriptors.settle(at: before, "given back")
            try await server.channel.close()
        }
    }

    /// A WebSocket that moves to its session's loop has its socket twice for a moment.
    ///
    /// The number of the copy counts: that of the original goes to whoever is next.
    @Test(arguments: [0, 1])
    func aMoveTakesADescriptor(spare: Int) async throws {
        await #expect(processExitsWith: .success) { [spare] in
            var isMoved = false
            // With enough it is refused all the same while libdispatch has a file open.
            for _ in 0..<5 where !isMoved {
                Descriptors.lift()
                isMoved = try await DescriptorTests().isMoved(with: spare)
                if spare == 0 { break }
            }
            precondition(isMoved == (spare > 0))
        }
    }

    /// Whether a WebSocket can move when so many descriptors are left.
    private func isMoved(with spare: Int) async throws -> Bool {
        let application = TestApplication()
        let engine = EngineServer(application)
        // Connections go to the loops in turn.
        let server = try await EngineHTTPServer(engine, hostname: "127.0.0.1", port: 0, loops: 2)
        let polling = Client()
        let first = try await polling.connect(server.port)
        Descriptors.require(try await polling.isAnswered(Self.poll, on: first))
        try await Descriptors.wait(for: "the session") { application.connection != nil }
        let session = try #require(application.connection)
        let client = Client()
        let channel = try await client.connect(server.port)
        // When it is answered it has been accepted.
        let unknown = "GET /engine.io/?EIO=9 HTTP/1.1\r\nHost: a\r\n\r\n"
        Descriptors.require(try await client.isAnswered(unknown, on: channel))
        try await Descriptors.warmUp()
        let before = Descriptors.count
        Descriptors.spare(spare)
        try await channel.writeAndFlush(ByteBuffer(string: Self.upgrade(session.id)))
        try await Descriptors.wait(for: "the upgrade or the end") {
            client.text.contains("HTTP/1.1 101") || !channel.isActive
        }
        let isMoved = client.text.contains("HTTP/1.1 101")
        if isMoved {
            try await Descriptors.wait(for: "the move") { engine.movedWebSockets.count == 1 }
            try await Descriptors.settle(at: before, "after the move")
        } else {
            try await Descriptors.settle(at: before - 2, "without the connection")
        }
        // The session lives, whatever became of the upgrade.
        precondition(engine.sessionCount == 1)
        try? await channel.close()
        try await first.close()
        try await server.channel.close()
        return isMoved
    }
}
