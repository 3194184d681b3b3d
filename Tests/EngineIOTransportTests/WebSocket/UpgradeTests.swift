import EngineIO
import NIOCore
import Testing

@testable import EngineIOTransport

/// WebSockets that take a session over.
@Suite struct UpgradeTests {
    /// Some clients don't probe, as that of PHP; the official server takes it so.
    @Test(arguments: [EngineProtocolVersion.v4, .v3])
    func anUpgradeWithoutAProbeMovesTheSession(version: EngineProtocolVersion) async throws {
        let server = TestServer(EngineConfiguration(allowEIO3: true))
        let query = "/engine.io/?EIO=\(version.rawValue)"
        let open = try await server.request("GET \(query)&transport=polling HTTP/1.1")
        let sid = open.sid
        let poller = try await server.connect()
        try await poller.send(["GET \(query)&transport=polling&sid=\(sid) HTTP/1.1"])
        let client = try await server.connect()
        try await client.send(["GET \(query)&transport=websocket&sid=\(sid) HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        #expect(try await client.response().status == 101)
        try await client.writeFrame("5")
        #expect(try await poller.response().text.hasSuffix("6"))
        #expect(server.application.transports == [.webSocket])
        try await client.writeFrame("4hello")
        #expect(server.application.messages == [.text(ByteBuffer(string: "hello"))])
        let large = EncodedMessage.text(String(repeating: "x", count: 200_000))
        try await client.inLoop { server.application.connection?.send(large) }
        while client.rest.readableBytes < large.frame.readableBytes { try await client.receive() }
        #expect(client.rest == large.frame)
        #expect(server.application.closeReasons.isEmpty)
    }

    @Test func anUpgradeWithoutAProbeDoesNotDisturbOneThatProbes() async throws {
        let server = TestServer()
        let query = "/engine.io/?EIO=4"
        let sid = try await server.request("GET \(query)&transport=polling HTTP/1.1").sid
        let target = ["GET \(query)&transport=websocket&sid=\(sid) HTTP/1.1"] + HTTPTestClient.upgradeHeaders
        let (first, second) = (try await server.connect(), try await server.connect())
        for client in [first, second] {
            try await client.send(target)
            #expect(try await client.response().status == 101)
        }
        try await first.writeFrame("2probe")
        try await second.writeFrame("5")
        #expect(server.application.transports.isEmpty)
        try await first.writeFrame("5")
        #expect(server.application.transports == [.webSocket])
        #expect(server.application.closeReasons.isEmpty)
    }

    /// Node's client sends `5` when its last POST is done, others may not wait.
    @Test func aPostThatTheSessionDiesUnderIsRefused() async throws {
        let server = TestServer()
        let query = "/engine.io/?EIO=4&transport=polling"
        let sid = try await server.request("GET \(query) HTTP/1.1").sid
        let client = try await server.connect()
        try await client.write("POST \(query)&sid=\(sid) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n4")
        try await client.inLoop { server.application.connection?.close() }
        try await client.write("a")
        let response = try await client.response()
        #expect(response.status == 400)
        #expect(response.text == #"{"code":1,"message":"Session ID unknown"}"#)
        #expect(server.application.messages.isEmpty)
    }
}
