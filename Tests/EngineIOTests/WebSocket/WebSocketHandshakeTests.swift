import NIOCore
import Testing

@testable import EngineIO

@Suite struct WebSocketHandshakeTests {
    private func key(
        method: String = "GET",
        upgrade: String = "websocket",
        connection: String? = "Upgrade",
        key: String? = "dGhlIHNhbXBsZSBub25jZQ==",
        version: String? = "13"
    ) throws(WebSocketHandshake.Failure) -> String {
        var headers = [HandshakeRequest.HeaderField(name: "upgrade", value: upgrade)]
        if let connection { headers.append(.init(name: "connection", value: connection)) }
        if let key { headers.append(.init(name: "sec-websocket-key", value: key)) }
        if let version { headers.append(.init(name: "sec-websocket-version", value: version)) }
        return try WebSocketHandshake.key(
            method: method,
            HandshakeRequest(target: "/", query: [], headers: headers, remoteAddress: "", isSecure: false, time: .now)
        )
    }

    @Test func checksTheOpeningHandshake() throws {
        #expect(try key(upgrade: "WebSocket") == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(try key(version: "8") == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(try key(upgrade: "h2c, WebSocket", connection: "keep-alive,\tupgrade ") == key())
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(connection: nil) }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(connection: "keep-alive") }
        #expect(throws: WebSocketHandshake.Failure.method) { try key(method: "POST") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(upgrade: "h2c") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: nil) }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: "dGhlIHNhbXBsZSBub25jZQ=") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: "dGhlIHNhbXBsZSBub25jZ!==") }
        #expect(throws: WebSocketHandshake.Failure.version) { try key(version: "12") }
        #expect(throws: WebSocketHandshake.Failure.version) { try key(version: nil) }
    }
}
