import EngineIO
import NIOCore
import Testing

@testable import EngineIOTransport

private let polling = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1"
private let webSocket = "/engine.io/?EIO=4&transport=websocket"

/// Limits on clients, whose addresses may be known by a proxy's word.
@Suite struct LimitTests {
    @Test func aFullServerAnswersWith503() async throws {
        let server = TestServer(EngineConfiguration(limits: ConnectionLimits(maxConnections: 1)))
        let first = try await server.request(polling)
        #expect(first.status == 200)
        let second = try await server.request(polling)
        #expect(second.status == 503)
        #expect(second.text == #"{"code":4,"message":"Too many connections"}"#)
        let third = try await server.webSocket(webSocket)
        #expect(third.status == 503)
        #expect(third.text == "Too many connections")
        // A session that ends makes room.
        let target = "/engine.io/?EIO=4&transport=polling&sid=\(first.sid)"
        #expect(try await server.request("POST \(target) HTTP/1.1", body: "1").text == "ok")
        #expect(try await server.webSocket(webSocket).status == 101)
        #expect(await server.server.counters().refusals(.forbidden) == 2)
    }

    @Test func handshakesThatComeTooOftenAreToldWhenToComeAgain() async throws {
        let limits = ConnectionLimits(handshakesPerAddress: Rate(perSecond: 1, burst: 1))
        let server = TestServer(EngineConfiguration(limits: limits))
        #expect(try await server.request(polling).status == 200)
        let refused = try await server.request(polling)
        #expect(refused.status == 429)
        #expect(refused["retry-after"] == ["1"])
        #expect(refused.text == #"{"code":4,"message":"Too many handshakes"}"#)
        server.clock.advance(by: .milliseconds(999))
        #expect(try await server.request(polling).status == 429)
        server.clock.advance(by: .milliseconds(1))
        #expect(try await server.request(polling).status == 200)
    }

    /// One connection that shakes hands in a loop, and never polls.
    @Test(arguments: [
        (ConnectionLimits(maxConnectionsPerAddress: 3), 429), (ConnectionLimits(maxConnections: 3), 503),
        (ConnectionLimits(handshakesPerAddress: Rate(perSecond: 1, burst: 3)), 429),
    ])
    func handshakesOfOneConnectionAreHeldToTheLimits(limits: ConnectionLimits, status: Int) async throws {
        let server = TestServer(EngineConfiguration(limits: limits))
        let client = try await server.connect()
        for number in 1...50 {
            try await client.send([polling])
            #expect(try await client.response().status == (number <= 3 ? 200 : status))
        }
        #expect(server.server.sessionCount == 3)
        // A neighbour in the network is the same client, a stranger is not.
        guard limits.maxConnections == nil else { return }
        let stranger = try await server.connect(from: "192.0.2.2")
        try await stranger.send([polling])
        #expect(try await stranger.response().status == 200)
    }

    @Test func sessionsThatNobodyPollsEnd() async throws {
        let server = TestServer(EngineConfiguration(limits: ConnectionLimits(maxConnections: 2)))
        let client = try await server.connect()
        for _ in 0..<2 {
            try await client.send([polling])
            #expect(try await client.response().status == 200)
        }
        await server.advance(by: .seconds(25), client)
        await server.advance(by: .milliseconds(19_999), client)
        #expect(server.server.sessionCount == 2)
        await server.advance(by: .milliseconds(1), client)
        #expect(server.server.sessionCount == 0)
        #expect(server.application.closeReasons == [.pingTimeout, .pingTimeout])
        try await client.send([polling])
        #expect(try await client.response().status == 200)
    }

    @Test func addressesAreThoseBehindTrustedProxies() async throws {
        let configuration = EngineConfiguration(
            limits: ConnectionLimits(maxConnectionsPerAddress: 1),
            trustedProxies: TrustedProxies(["192.0.2.0/24"])
        )
        let server = TestServer(configuration)
        let fields = ["X-Forwarded-For: 198.51.100.9, 203.0.113.1", "X-Forwarded-Proto: https"]
        #expect(try await server.request(polling, fields[0], fields[1]).status == 200)
        let handshake = server.application.connection?.handshake
        #expect(handshake?.remoteAddress == "203.0.113.1")
        #expect(handshake?.isSecure == true)
        #expect(try await server.request(polling, fields[0]).status == 429)
        #expect(try await server.request(polling, "X-Forwarded-For: 203.0.113.2").status == 200)
        #expect(try await server.webSocket(webSocket, fields[0]).status == 429)
    }

    @Test func withoutTrustTheConnectionsAddressCounts() async throws {
        let server = TestServer()
        #expect(try await server.request(polling, "X-Forwarded-For: 203.0.113.1").status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "192.0.2.1")
        #expect(server.application.connection?.handshake.isSecure == false)
    }

    @Test func theProxyProtocolNamesTheClient() async throws {
        let server = TestServer()
        let client = try await server.connect(proxyProtocol: true)
        try await client.write("PROXY TCP4 203.0.113.1 192.0.2.2 1000 80\r")
        try await client.write("\n\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await client.response().status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "203.0.113.1")
        let local = try await server.connect(proxyProtocol: true)
        try await local.write("PROXY UNKNOWN\r\n\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await local.response().status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "192.0.2.1")
    }

    @Test func connectionsWithoutAProxyHeaderAreClosed() async throws {
        let server = TestServer()
        let client = try await server.connect(proxyProtocol: true)
        try await client.write("GET / HTTP/1.1\r\n")
        #expect(!client.isActive)
        let silent = try await server.connect(proxyProtocol: true)
        try await silent.write("PROXY ")
        await silent.advance(by: .milliseconds(9999))
        #expect(silent.isActive)
        await silent.advance(by: .milliseconds(1))
        #expect(!silent.isActive)
    }
}
