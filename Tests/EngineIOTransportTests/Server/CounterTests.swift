import EngineIO
import Locking
import MetricsTestKit
import NIOCore
import Testing

@testable import EngineIOTransport

/// What is counted, and that a server that ends says so.
@Suite struct CounterTests {
    @Test func everythingIsCounted() async throws {
        let server = TestServer()
        let polling = "/engine.io/?EIO=4&transport=polling"
        let open = try await server.request("GET \(polling) HTTP/1.1")
        let session = "\(polling)&sid=\(open.sid)"
        #expect(try await server.request("POST \(session) HTTP/1.1", body: "4a\u{1e}4bc").text == "ok")
        #expect(try await server.request("GET \(polling)&sid=x HTTP/1.1").status == 400)
        var expected = EngineCounters()
        expected.opened(on: .polling)
        expected.polling.sent(bytes: open.text.utf8.count)
        expected.polling.received(packets: 2, bytes: 6)
        expected.refused(.sessionUnknown)
        #expect(await server.server.counters() == expected)

        let client = try await server.connect()
        let upgrade = "/engine.io/?EIO=4&transport=websocket&sid=\(open.sid)"
        try await client.send(["GET \(upgrade) HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        #expect(try await client.response().status == 101)
        try await client.writeFrame("2probe")
        try await client.writeFrame("5")
        try await client.writeFrame("4abc")
        try await client.inLoop { server.application.connection?.send(.text("x")) }
        expected.upgraded()
        expected.webSocket.received(bytes: 4)
        expected.webSocket.sent(bytes: 4)
        #expect(await server.server.counters() == expected)
        #expect(server.application.transports == [.webSocket])
        #expect(server.application.messages.count == 3)

        try await client.inLoop { server.application.connection?.close() }
        expected.closed(on: .webSocket, .forcedClose)
        #expect(await server.server.counters() == expected)
        #expect(expected.connections == 0)
        #expect(expected.closes(.forcedClose) == 1)
    }

    @Test func bytesThatWaitForAPollAreCounted() async throws {
        let server = TestServer()
        let client = try await server.connect()
        try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
        _ = try await client.response()
        try await client.inLoop { server.application.connection?.send(.binary(ByteBuffer(repeating: 0, count: 98))) }
        #expect(await server.server.counters().bufferedBytes == 100)
    }

    @Test func countersAreReported() async throws {
        let metrics = TestMetrics()
        let server = TestServer(EngineConfiguration(metricsInterval: .seconds(7)), metrics: metrics)
        let client = try await server.connect()
        let polling = "/engine.io/?EIO=4&transport=polling"
        try await client.send(["GET \(polling) HTTP/1.1"])
        let open = try await client.response()
        try await client.send(["GET \(polling)&sid=x HTTP/1.1"])
        _ = try await client.response()
        try await client.inLoop { server.application.connection?.send(.binary(ByteBuffer(repeating: 0, count: 98))) }
        let connections = try metrics.expectMeter("engineio_connections", [("transport", "polling")])
        let packets = try metrics.expectCounter(
            "engineio_packets",
            [("transport", "polling"), ("direction", "out")]
        )
        let bytes = try metrics.expectCounter("engineio_bytes", [("transport", "polling"), ("direction", "out")])
        await client.advance(by: .milliseconds(6999))
        #expect(connections.values.isEmpty)
        await client.advance(by: .milliseconds(1))
        #expect(connections.lastValue == 1)
        #expect(packets.totalValue == 1)
        #expect(bytes.totalValue == Int64(open.body.readableBytes))
        #expect(try metrics.expectCounter("engineio_handshakes").totalValue == 1)
        #expect(try metrics.expectCounter("engineio_refusals", [("code", "1")]).totalValue == 1)
        #expect(try metrics.expectMeter("engineio_buffered_bytes").lastValue == 100)
        // What was reported is not reported again.
        try await client.inLoop { server.application.connection?.close(.rateLimited) }
        await client.advance(by: .seconds(7))
        #expect(connections.lastValue == 0)
        #expect(packets.totalValue == 1)
        let reason = [("reason", "rate limit exceeded")]
        #expect(try metrics.expectCounter("engineio_disconnects", reason).totalValue == 1)
    }

    @Test func aServerThatEndsSaysGoodbyeInSlices() async throws {
        let server = TestServer(EngineConfiguration(shutdownGracePeriod: .milliseconds(200)))
        let client = try await server.connect()
        for _ in 0..<401 {
            try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
            _ = try await client.response()
        }
        let end = Task { [server = server.server] in await server.shutDown() }
        try await client.run { server.application.closeReasons.count >= 201 }
        await server.advance(by: .milliseconds(99), client)
        #expect(server.application.closeReasons.count == 201)
        await server.advance(by: .milliseconds(1), client)
        #expect(server.application.closeReasons == Array(repeating: .serverShuttingDown, count: 401))
        await end.value
    }

    /// An application that takes its time leaves the transport what is left of it, which is no second period.
    @Test(arguments: [(0, 100), (900, 250), (1000, 250), (5000, 250)])
    func theTransportHasTheRestOfTheTime(milliseconds: Int, closedAtOnce: Int) async throws {
        let server = TestServer(EngineConfiguration(shutdownGracePeriod: .seconds(1)))
        let client = try await server.connect()
        for _ in 0..<250 {
            try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
            _ = try await client.response()
        }
        server.application.onShutdown { [clock = server.clock] in clock.advance(by: .milliseconds(milliseconds)) }
        let end = Task { [server = server.server] in await server.shutDown() }
        try await client.run { server.application.closeReasons.count >= closedAtOnce }
        #expect(server.application.closeReasons.count == closedAtOnce)
        for _ in 0..<2 { await server.advance(by: .milliseconds(100), client) }
        await end.value
        #expect(server.application.closeReasons.count == 250)
    }

    /// Sessions whose farewell has not been fetched have ended, and are not waited for.
    @Test func whatTheApplicationEndedIsNotEndedAgain() async throws {
        let server = TestServer(EngineConfiguration(shutdownGracePeriod: .seconds(1)))
        let client = try await server.connect()
        var last: (any EngineConnection)?
        for _ in 0..<250 {
            try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
            _ = try await client.response()
            last = server.application.connection
            try await client.inLoop { [last] in last?.close(.forcedClose) }
        }
        #expect(server.server.sessionCount == 250)
        let end = Task { [server = server.server] in await server.shutDown() }
        let isOver = Flag()
        let watch = Task {
            await end.value
            isOver.value.withLock { $0 = true }
        }
        try await client.run { isOver.value.withLock { $0 } }
        await watch.value
        #expect(server.application.closeReasons == Array(repeating: .forcedClose, count: 250))
    }

    @Test func aCancelledShutdownClosesTheRestAtOnce() async throws {
        let server = TestServer(EngineConfiguration(shutdownGracePeriod: .seconds(10)))
        let client = try await server.connect()
        for _ in 0..<250 {
            try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
            _ = try await client.response()
        }
        let end = Task { [server = server.server] in await server.shutDown() }
        try await client.run { server.application.closeReasons.count >= 100 }
        end.cancel()
        try await client.run { server.application.closeReasons.count == 250 }
        await end.value
    }

    @Test func aServerThatEndsRefusesHandshakesAndClosesItsSessions() async throws {
        let server = TestServer()
        let polling = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1"
        let client = try await server.connect()
        try await client.send([polling])
        let sid = try await client.response().sid
        let end = Task { [server = server.server] in await server.shutDown() }
        try await client.run { !server.application.closeReasons.isEmpty }
        await end.value
        #expect(server.application.closeReasons == [.serverShuttingDown])
        let refused = try await server.request(polling)
        #expect(refused.status == 503)
        #expect(refused.text == #"{"code":4,"message":"Server shutting down"}"#)
        // The farewell can still be fetched.
        let farewell = try await server.request("GET /engine.io/?EIO=4&transport=polling&sid=\(sid) HTTP/1.1")
        #expect(farewell.text == "6\u{1e}1")
    }
}

private final class Flag: Sendable {
    let value = Mutex(false)
}
