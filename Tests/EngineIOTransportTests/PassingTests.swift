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

        init(answers: Bool) {
            self.answers = answers
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard answers, case .end = unwrapInboundIn(data) else { return }
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "0"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func client(_ configuration: EngineConfiguration, answers: Bool) async throws -> HTTPTestClient {
        try await TestServer(configuration).connect(
            other: .pass { try $0.pipeline.syncOperations.addHandler(Application(answers: answers)) }
        )
    }

    @Test func aWebSocketThatNobodyAnswersIsClosed() async throws {
        let client = try await client(EngineConfiguration(destroyUpgradeTimeout: .seconds(2)), answers: false)
        try await client.send(["GET /other HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        await client.advance(by: .milliseconds(1999))
        #expect(client.isActive)
        await client.advance(by: .milliseconds(1))
        #expect(!client.isActive)
    }

    @Test func answersAndOtherRequestsAreLeftAlone() async throws {
        let answered = try await client(EngineConfiguration(), answers: true)
        try await answered.send(["GET /other HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        #expect(try await answered.response().status == 200)
        let plain = try await client(EngineConfiguration(), answers: false)
        try await plain.send(["GET /other HTTP/1.1"])
        let off = try await client(EngineConfiguration(destroyUpgrade: false), answers: false)
        try await off.send(["GET /other HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        for client in [answered, plain, off] {
            await client.advance(by: .seconds(30))
            #expect(client.isActive)
        }
    }
}
