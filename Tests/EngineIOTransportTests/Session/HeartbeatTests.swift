import EngineIO
import NIOCore
import NIOEmbedded
import Testing

@testable import EngineIOTransport

/// The heartbeat as a client sees it, by a clock that is set by hand.
@Suite struct HeartbeatTests {
    /// When a client answers a ping (protocol 4), or how much later than asked it pings (protocol 3).
    enum Answer: CaseIterable {
        case atOnce
        case lateButInTime
        case never
    }

    struct Case: CustomTestStringConvertible {
        var interval: Int
        var timeout: Int
        var answer: Answer
        var transport: EngineTransport
        var version: EngineProtocolVersion

        var testDescription: String { "\(interval)/\(timeout) ms, \(answer), \(transport) \(version)" }

        static let all: [Self] = [
            (1000, 3000), (1000, 20_000), (300, 5000), (25_000, 20_000), (25_000, 60_000), (15_000, 25_000),
        ]
        .flatMap { interval, timeout in
            Answer.allCases.flatMap { answer in
                EngineTransport.allCases.flatMap { transport in
                    [EngineProtocolVersion.v4, .v3].map {
                        Self(interval: interval, timeout: timeout, answer: answer, transport: transport, version: $0)
                    }
                }
            }
        }
    }

    @Test(arguments: Case.all)
    func theIntervalBeginsWithTheAnswer(_ heartbeat: Case) throws {
        let client = try HeartbeatClient(heartbeat)
        // Divides all the intervals and time-outs of the table.
        let step = heartbeat.interval < 1000 ? 50 : heartbeat.interval < 10_000 ? 100 : 500
        // The last step at which an answer is in time.
        let delay = heartbeat.answer == .lateButInTime ? heartbeat.timeout - step : 0
        var (time, pings, answerAt) = (0, [Int](), heartbeat.version == .v3 ? heartbeat.interval + delay : nil)
        let rounds = 6
        let end = rounds * (heartbeat.interval + heartbeat.timeout) + step
        while time < end, client.application.closeReasons.isEmpty, pings.count < rounds {
            time += step
            client.advance(by: .milliseconds(step))
            if try client.takePing() {
                pings.append(time)
                answerAt = time + delay
            }
            if heartbeat.answer != .never, answerAt == time {
                try client.answer()
                answerAt = nil
                if heartbeat.version == .v3 {
                    pings.append(time)
                    answerAt = time + heartbeat.interval + delay
                }
            }
        }
        if heartbeat.answer == .never {
            #expect(client.application.closeReasons == [.pingTimeout])
            #expect(time == heartbeat.interval + heartbeat.timeout)
        } else {
            #expect(client.application.closeReasons.isEmpty)
            #expect(
                pings == (1...rounds).map { $0 * (heartbeat.interval + delay) - (heartbeat.version == .v4 ? delay : 0) }
            )
        }
    }

    @Test func answersThatComeNowEarlyNowLateKeepTheConnection() throws {
        let configuration = EngineConfiguration(pingInterval: .seconds(1), pingTimeout: .seconds(3))
        let client = try TestClient(configuration)
        for delay in [0, 1500, 0, 2500, 2999, 0, 1500] {
            client.advance(by: .milliseconds(1000))
            #expect(try client.received().map { Array(buffer: $0) } == [[0x81, 1, 0x32]])
            client.advance(by: .milliseconds(delay))
            try client.send(0x81, ByteBuffer(string: "3"))
        }
        #expect(client.application.closeReasons.isEmpty)
    }

    @Test func aRequestIsJudgedByTheTimeAndNotByTheTimer() throws {
        let heartbeat = Case(interval: 1000, timeout: 1000, answer: .never, transport: .polling, version: .v4)
        let client = try HeartbeatClient(heartbeat, polls: false)
        // The loop is so busy that it runs no timer.
        client.clock.advance(by: .milliseconds(1000))
        #expect(try client.request("GET") == "2")
        client.clock.advance(by: .milliseconds(1010))
        #expect(try client.request("GET").contains("Session ID unknown"))
        #expect(client.application.closeReasons == [.pingTimeout])
    }

    /// The process is stopped for a while, and pongs wait in its sockets when it goes on.
    @Test(arguments: [5000, 6600, 40_000, 3_600_000], [0, 500, 2500, 3500])
    func aPauseOfTheProcessClosesNoConnection(pause: Int, begin: Int) throws {
        let configuration = EngineConfiguration(pingInterval: .seconds(3), pingTimeout: .seconds(4))
        let client = try TestClient(configuration)
        for _ in 0..<(begin / 500) { client.advance(by: .milliseconds(500)) }
        client.advance(by: .milliseconds(pause))
        #expect(client.application.closeReasons.isEmpty)
        for _ in 0..<20 {
            client.advance(by: .milliseconds(50))
            // One ping at most, however long the pause was.
            let pings = try client.received().count
            #expect(pings <= 1)
        }
        try client.send(0x81, ByteBuffer(string: "3"))
        client.advance(by: .milliseconds(2999))
        #expect(try client.received().isEmpty)
        client.advance(by: .milliseconds(1))
        #expect(try client.received().map { Array(buffer: $0) } == [[0x81, 1, 0x32]])
        #expect(client.application.closeReasons.isEmpty)
        // Who is silent after the pause is closed as ever.
        client.advance(by: .milliseconds(4000))
        #expect(client.application.closeReasons == [.pingTimeout])
    }
}

/// A client that has nothing to say.
private struct HeartbeatClient {
    let application = TestApplication()
    let clock = TestClock()
    private let loop = EmbeddedEventLoop()
    private let heartbeat: HeartbeatTests.Case
    private let server: EngineServer
    /// For polls, or the WebSocket.
    private let channel: EmbeddedChannel

    init(_ heartbeat: HeartbeatTests.Case, polls: Bool = true) throws {
        self.heartbeat = heartbeat
        let configuration = EngineConfiguration(
            allowEIO3: true,
            pingInterval: .milliseconds(heartbeat.interval),
            pingTimeout: .milliseconds(heartbeat.timeout)
        )
        server = EngineServer(application, configuration: configuration, clock: clock.engineClock)
        channel = try Self.connect(to: server, on: loop)
        switch heartbeat.transport {
        case .polling:
            try write("GET", [], to: channel)
            _ = try read(channel)
            if polls { try write("GET", [], to: channel) }
        case .webSocket:
            let fields = [
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
            try write("GET", fields, to: channel)
            _ = try read(channel)
        }
    }

    private static func connect(to server: EngineServer, on loop: EmbeddedEventLoop) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        try channel.configureEngineIO([server], other: .refuse)
        return channel
    }

    func advance(by duration: Duration) {
        clock.advance(by: duration)
        loop.advanceTime(by: TimeAmount(duration))
    }

    /// Whether a ping has come.
    func takePing() throws -> Bool {
        let text = try read(channel)
        guard !text.isEmpty, application.closeReasons.isEmpty else { return false }
        #expect(text.hasSuffix("2"))
        if heartbeat.transport == .polling { try write("GET", [], to: channel) }
        return true
    }

    /// Answers a ping, or sends one where that is the client's part.
    func answer() throws {
        let packet = heartbeat.version == .v4 ? "3" : "2"
        switch heartbeat.transport {
        case .polling:
            #expect(try request("POST", body: heartbeat.version == .v4 ? packet : "1:" + packet) == "ok")
        case .webSocket:
            var frame = ByteBuffer(bytes: [0x81, 0x81, 0, 0, 0, 0])
            frame.writeString(packet)
            try channel.writeInbound(frame)
            loop.run()
        }
        guard heartbeat.version == .v3 else { return }
        #expect(try read(channel).hasSuffix("3"))
        if heartbeat.transport == .polling { try write("GET", [], to: channel) }
    }

    /// The body of the response to a request, beside a poll that may wait.
    func request(_ method: String, body: String = "") throws -> String {
        let channel = try Self.connect(to: server, on: loop)
        try write(method, ["Content-Length: \(body.utf8.count)"], body, to: channel)
        return try read(channel).body
    }

    private func write(_ method: String, _ fields: [String], _ body: String = "", to channel: EmbeddedChannel) throws {
        let sid = application.connection.map { "&sid=\($0.id)" } ?? ""
        let target = "/engine.io/?EIO=\(heartbeat.version.rawValue)&transport=\(heartbeat.transport.rawValue)\(sid)"
        let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + fields
        let request = lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
        try channel.writeInbound(ByteBuffer(string: request))
        loop.run()
    }

    private func read(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) {
            text += String(decoding: part.readableBytesView, as: UTF8.self)
        }
        return text
    }
}

extension String {
    /// What stands behind the head.
    fileprivate var body: String {
        firstRange(of: "\r\n\r\n").map { String(self[$0.upperBound...]) } ?? ""
    }
}
