import EngineIO
import NIOCore
import NIOHTTP1
import Testing

@testable import EngineIOTransport

/// Requests that are not Engine.IO's, in front of an application.
@Suite struct PassingTests {
    /// Answers every request, or none.
    private final class Application: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let answers: Bool
        let hasLength: Bool

        init(answers: Bool, hasLength: Bool = true) {
            self.answers = answers
            self.hasLength = hasLength
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard answers, case .end = unwrapInboundIn(data) else { return }
            let headers: HTTPHeaders = hasLength ? ["Content-Length": "0"] : [:]
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func client(
        _ configuration: EngineConfiguration,
        answers: Bool
    ) async throws -> (TestServer, HTTPTestClient) {
        let server = TestServer(configuration)
        let client = try await server.connect(
            other: .pass { try $0.pipeline.syncOperations.addHandler(Application(answers: answers)) }
        )
        return (server, client)
    }

    @Test func aWebSocketThatNobodyAnswersIsClosed() async throws {
        let configuration = EngineConfiguration(destroyUpgradeTimeout: .seconds(2))
        let (server, client) = try await client(configuration, answers: false)
        try await client.send(["GET /other HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        await server.advance(by: .milliseconds(1999), client)
        #expect(client.isActive)
        await server.advance(by: .milliseconds(1), client)
        #expect(!client.isActive)
        #expect(await server.server.counters().httpTimeouts(.upgrade) == 1)
    }

    @Test func answersAndOtherRequestsAreLeftAlone() async throws {
        let upgrade = ["GET /other HTTP/1.1"] + HTTPTestClient.upgradeHeaders
        let (server, answered) = try await client(EngineConfiguration(), answers: true)
        try await answered.send(upgrade)
        #expect(try await answered.response().status == 200)
        // The decoder reads nothing more behind a request for another protocol.
        #expect(!answered.isActive)
        let plain = try await client(EngineConfiguration(), answers: false)
        try await plain.1.send(["GET /other HTTP/1.1"])
        let off = try await client(EngineConfiguration(destroyUpgrade: false), answers: false)
        try await off.1.send(upgrade)
        for (server, client) in [plain, off] {
            await server.advance(by: .seconds(300), client)
            #expect(client.isActive)
        }
        #expect(await server.server.counters().httpTimeouts(.upgrade) == 0)
    }

    /// A proxy sends the requests of many clients over one connection, and at last one for a WebSocket.
    @Test(arguments: [1, 3]) func aWebSocketMayFollowRequestsForTheApplication(requests: Int) async throws {
        let (server, client) = try await client(EngineConfiguration(), answers: true)
        for _ in 0..<requests {
            try await client.send(["GET /other HTTP/1.1"])
            #expect(try await client.response().status == 200)
        }
        try await client.send(
            ["GET /engine.io/?EIO=4&transport=websocket HTTP/1.1"] + HTTPTestClient.upgradeHeaders
        )
        #expect(try await client.response().status == 101)
        try await client.writeFrame("4hello")
        #expect(server.application.messages == [.text(ByteBuffer(string: "hello"))])
    }

    /// A client of HTTP/1.0 knows no chunks, and has to be told that the connection stays.
    @Test(arguments: [(true, "keep-alive", true), (true, "close", false), (false, "keep-alive", false)])
    func clientsOfTheOldProtocolAreServed(hasLength: Bool, connection: String, lasts: Bool) async throws {
        let server = TestServer()
        let client = try await server.connect(
            other: .pass { try $0.pipeline.syncOperations.addHandler(Application(answers: true, hasLength: hasLength)) }
        )
        try await client.write("GET /other HTTP/1.0\r\nConnection: \(connection)\r\n\r\n")
        await client.run()
        let response = try await client.response()
        #expect(response["connection"] == [lasts ? "keep-alive" : "close"])
        #expect(response["transfer-encoding"] == [])
        #expect(client.isActive == lasts)
    }
}
