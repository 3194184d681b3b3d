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
        let client = try await server.connect(behind: ["192.0.2.0/24"])
        try await client.write("PROXY TCP4 203.0.113.1 192.0.2.2 1000 80\r")
        try await client.write("\n\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await client.response().status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "203.0.113.1")
        let local = try await server.connect(behind: ["192.0.2.0/24"])
        try await local.write("PROXY UNKNOWN\r\n\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await local.response().status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "192.0.2.1")
    }

    /// Sockets, sessions and handshakes count where the header says that the client is, not where the proxy is.
    @Test(arguments: [
        ConnectionLimits(maxSocketsPerAddress: 1), ConnectionLimits(maxConnectionsPerAddress: 1),
        ConnectionLimits(handshakesPerAddress: Rate(perSecond: 1, burst: 1)),
    ])
    func limitsCountWhereTheHeaderSays(limits: ConnectionLimits) async throws {
        let server = TestServer(EngineConfiguration(limits: limits))
        var clients: [HTTPTestClient] = []
        for (host, isServed) in [(1, true), (1, false), (2, true), (2, false), (3, true)] {
            let client = try await server.connect(behind: ["192.0.2.1"])
            clients.append(client)
            try await client.write("PROXY TCP4 203.0.113.\(host) 192.0.2.2 1 80\r\n\(polling)\r\nHost: a\r\n\r\n")
            guard client.isActive else {
                #expect(!isServed)
                continue
            }
            #expect(try await client.response().status == (isServed ? 200 : 429))
        }
        // What came with the header of a connection that is refused is not served after all.
        #expect(server.server.sessionCount == 3)
    }

    /// Whoever is no proxy has no header: what looks like one is no HTTP.
    @Test func othersAreServedAsTheyAre() async throws {
        let server = TestServer()
        let client = try await server.connect(from: "198.51.100.7", behind: ["192.0.2.0/24"])
        try await client.write("\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await client.response().status == 200)
        #expect(server.application.connection?.handshake.remoteAddress == "198.51.100.7")
        let liar = try await server.connect(from: "198.51.100.7", behind: ["192.0.2.0/24"])
        try await liar.write("PROXY TCP4 203.0.113.1 192.0.2.2 1 80\r\n\(polling)\r\nHost: a\r\n\r\n")
        #expect(try await liar.response().status == 400)
    }

    @Test func othersCountOnce() async throws {
        let server = TestServer(EngineConfiguration(limits: ConnectionLimits(maxSocketsPerAddress: 2)))
        let clients = [
            try await server.connect(behind: ["10.0.0.0/8"]), try await server.connect(behind: ["10.0.0.0/8"]),
        ]
        for client in clients { #expect(client.isActive) }
        let third = try await server.connect(behind: ["10.0.0.0/8"])
        #expect(!third.isActive)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "\u{16}\u{03}\u{01}", "PROXY TCP4 a b 1 2\r\n", "\r\n\r\nGET"])
    func connectionsOfProxiesWithoutAHeaderAreClosed(bytes: String) async throws {
        let client = try await TestServer().connect(behind: ["192.0.2.0/24"])
        try await client.write(bytes)
        #expect(!client.isActive)
    }

    @Test func aHeaderHasTenSeconds() async throws {
        let server = TestServer()
        let silent = try await server.connect(behind: ["192.0.2.0/24"])
        try await silent.write("PROXY ")
        await silent.advance(by: .milliseconds(9999))
        #expect(silent.isActive)
        await silent.advance(by: .milliseconds(1))
        #expect(!silent.isActive)
        // One that was complete leaves HTTP its own time.
        let slow = try await server.connect(behind: ["192.0.2.0/24"])
        try await slow.write("PROXY UNKNOWN\r\n")
        await slow.advance(by: .seconds(29))
        #expect(slow.isActive)
    }

    @Test func aStopOrAnEndInsideOfAHeaderClosesTheConnection() async throws {
        let server = TestServer()
        let stopped = try await server.connect(behind: ["192.0.2.0/24"])
        try await stopped.write("PROXY ")
        try await stopped.stop()
        #expect(!stopped.isActive)
        let ended = try await server.connect(behind: ["192.0.2.0/24"])
        try await ended.giveUp()
        #expect(!ended.isActive)
    }
}
