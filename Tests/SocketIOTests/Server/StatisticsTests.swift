import EngineIO
import Metrics
import MetricsTestKit
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// What is counted, and what becomes of it in a metrics system.
@Suite struct StatisticsTests {
    private let metrics = TestMetrics()

    private func fixture(handlerSampling: Int = 0) -> Fixture {
        let options = SocketIOServer.MetricsOptions(
            interval: .seconds(5),
            handlerSampling: handlerSampling,
            factory: metrics
        )
        let fixture = Fixture(.init(metrics: options))
        fixture.io.onConnection { socket in
            socket.on("echo") { (text: String) -> String in text }
            socket.on("later") { () async in await Task.yield() }
        }
        return fixture
    }

    @Test func everythingIsCounted() async throws {
        let fixture = fixture()
        let otherLoop = ManualLoop()
        let clients = [fixture.join(), fixture.join(), fixture.join(on: otherLoop)]
        clients[0].receive("420[\"echo\",\"x\"]", "42[\"unheard\"]")
        clients[1].receive("41")
        clients[2].bufferedBytes = 100
        fixture.loop.turn { fixture.io.emit("all", ByteBuffer(bytes: [1, 2, 3])) }
        otherLoop.turn()
        let statistics = try await fixture.wait(also: otherLoop) { [io = fixture.io] in await io.statistics() }
        var expected = ServerStatistics()
        expected.clients = 3
        expected.sockets = ["/": 2]
        expected.eventsReceived = 2
        expected.eventsSent = 2
        expected.bytesReceived = 3 * "0".utf8.count + "20[\"echo\",\"x\"]2[\"unheard\"]1".utf8.count
        // Each frame has a header of 2 bytes.
        let event = "451-[\"all\",{\"_placeholder\":true,\"num\":0}]".utf8.count + 2 + 5
        expected.bytesSent = "430[\"x\"]".utf8.count + 2 + 2 * event
        expected.disconnects = [.clientNamespaceDisconnect: 1]
        expected.bufferedBytes = 100
        #expect(statistics == expected)
    }

    @Test func metricsAreReportedOnAnInterval() throws {
        let fixture = fixture()
        let clients = (0..<3).map { _ in fixture.join() }
        clients[0].receive("420[\"echo\",\"x\"]")
        clients[0].bufferedBytes = 50
        clients[2].receive(.closed)
        fixture.loop.advance(by: .milliseconds(4999))
        #expect(metrics.counterTotal(label: "socketio_events") == 0)
        fixture.loop.advance(by: .milliseconds(1))
        #expect(try metrics.expectMeter("socketio_clients").lastValue == 2)
        #expect(try metrics.expectMeter("socketio_sockets", [("namespace", "/")]).lastValue == 2)
        #expect(try metrics.expectMeter("socketio_buffered_bytes").lastValue == 50)
        #expect(metrics.counterTotal(label: "socketio_events", dimensions: [("direction", "in")]) == 1)
        #expect(metrics.counterTotal(label: "socketio_disconnects", dimensions: [("reason", "transport close")]) == 1)
        clients[0].bufferedBytes = 0
        clients[1].receive(.closed)
        fixture.loop.turn { fixture.io.emit("a") }
        fixture.loop.advance(by: .seconds(5))
        #expect(try metrics.expectMeter("socketio_clients").lastValue == 1)
        #expect(try metrics.expectMeter("socketio_sockets", [("namespace", "/")]).lastValue == 1)
        #expect(try metrics.expectMeter("socketio_buffered_bytes").lastValue == 0)
        #expect(metrics.counterTotal(label: "socketio_events", dimensions: [("direction", "in")]) == 1)
        #expect(metrics.counterTotal(label: "socketio_events", dimensions: [("direction", "out")]) == 1)
        #expect(metrics.counterTotal(label: "socketio_disconnects", dimensions: [("reason", "transport close")]) == 2)
    }

    @Test func namespacesNamedByClientsShareAMetric() async throws {
        let fixture = fixture()
        fixture.io.of(where: { name, _ in name.hasPrefix("/d") })
        let client = fixture.join()
        client.receive("40/d1,", "40/d2,")
        let statistics = try await fixture.wait { [io = fixture.io] in await io.statistics() }
        #expect(statistics.sockets == ["/": 1, "/d1": 1, "/d2": 1])
        fixture.loop.advance(by: .seconds(5))
        #expect(try metrics.expectMeter("socketio_sockets", [("namespace", "(dynamic)")]).lastValue == 2)
        #expect(metrics.meters(label: "socketio_sockets").count == 2)
    }

    @Test func loopsReportTogether() throws {
        let fixture = fixture()
        let otherLoop = ManualLoop()
        _ = (fixture.join(), fixture.join(), fixture.join(on: otherLoop))
        fixture.loop.advance(by: .seconds(5))
        otherLoop.advance(by: .seconds(5))
        #expect(try metrics.expectMeter("socketio_clients").lastValue == 3)
    }

    @Test(arguments: [(0, 0), (1, 6), (3, 2)])
    func handlersAreTimedBySample(sampling: Int, timed: Int) async throws {
        let fixture = fixture(handlerSampling: sampling)
        let client = fixture.join()
        for _ in 0..<6 { client.receive("420[\"echo\",\"x\"]") }
        let timers = metrics.timers(label: "socketio_handler_duration", dimensions: [("event", "echo")])
        #expect(timers.reduce(0) { $0 + $1.values.count } == timed)
    }

    @Test func asynchronousHandlersAreTimedToTheirEnd() async throws {
        let fixture = fixture(handlerSampling: 1)
        let client = fixture.join()
        client.receive("420[\"later\"]")
        try await fixture.loop.wait(until: { !metrics.timers(label: "socketio_handler_duration").isEmpty })
        #expect(try metrics.expectTimer("socketio_handler_duration", [("event", "later")]).values.count == 1)
    }

    @Test func theEndIsReported() async throws {
        let fixture = fixture()
        _ = fixture.join()
        try await fixture.wait { [io = fixture.io] in await io.close() }
        #expect(metrics.counterTotal(label: "socketio_disconnects") == 1)
        fixture.loop.advance(by: .seconds(5))
        #expect(fixture.loop.timerCount == 0)
    }
}
