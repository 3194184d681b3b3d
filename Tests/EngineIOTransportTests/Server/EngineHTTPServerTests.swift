import Logging
import NIOCore
import Testing

@testable import EngineIOTransport

@Suite struct EngineHTTPServerTests {
    /// Otherwise small messages wait for the client's acknowledgement of earlier ones.
    @Test func connectionsDoNotWaitToFillSegments() async throws {
        let server = try await EngineHTTPServer(EngineServer(TestApplication()), hostname: "127.0.0.1", port: 0)
        let noDelay = try await server.channel.getOption(.tcpOption(.tcp_nodelay)).get()
        #expect(noDelay != 0)
        try await server.channel.close()
    }
}
