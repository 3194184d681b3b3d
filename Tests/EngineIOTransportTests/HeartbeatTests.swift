import EngineIO
import NIOCore
import NIOEmbedded
import Testing

@testable import EngineIOTransport

/// The heartbeat on a loop that is too busy to run its timers, as an embedded loop is unless told otherwise.
@Suite struct HeartbeatTests {
    @Test func requestIsJudgedByTheTimeAndNotByTheTimer() throws {
        let application = TestApplication()
        let configuration = EngineConfiguration(pingInterval: .nanoseconds(1), pingTimeout: .nanoseconds(1))
        let server = EngineServer(application, configuration: configuration)
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        try channel.configureEngineIO([server], other: .refuse)
        func answer(to query: String) throws -> String {
            let head = "GET /engine.io/?EIO=4&transport=polling\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n"
            try channel.writeInbound(ByteBuffer(string: head))
            var answer = ""
            while let part = try channel.readOutbound(as: ByteBuffer.self) { answer += String(buffer: part) }
            return answer
        }
        #expect(try answer(to: "").contains("200 OK"))
        let session = try #require(application.connection)
        #expect(try answer(to: "&sid=\(session.id)").hasSuffix("\r\n\r\n2"))
        #expect(try answer(to: "&sid=\(session.id)").contains("Session ID unknown"))
        #expect(application.closeReasons == [.pingTimeout])
    }
}
