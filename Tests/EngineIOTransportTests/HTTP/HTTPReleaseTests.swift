import EngineIO
import NIOCore
import NIOHTTP1
import Testing

@testable import EngineIOTransport

/// What a connection leaves behind when it ends, whatever state it is in.
@Suite struct HTTPReleaseTests {
    /// The states of a connection before it is a WebSocket.
    enum State: String, CaseIterable, CustomTestStringConvertible {
        case opened, halfHead, idle, halfSecondHead, body, chunkedBody, brokenChunk, unwantedBody, pollWithBody
        case handshakeWithBody, upgradeWithBody, otherPath, poll, question, passedBody, passed
        /// The response is there, and the rest of the request is not.
        case refused

        var testDescription: String { rawValue }
    }

    enum End: String, CaseIterable, CustomTestStringConvertible {
        case end, abort, stop, silence

        var testDescription: String { rawValue }
    }

    /// Takes requests and answers none.
    private final class Application: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
    }

    private static let handshake = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1"

    private static func target(_ sid: String) -> String { "/engine.io/?EIO=4&transport=polling&sid=\(sid)" }

    /// What a client in the state has sent last.
    private func bytes(for state: State, sid: String) -> String {
        let host = "Host: localhost\r\n"
        let upgrade = HTTPTestClient.upgradeHeaders.map { $0 + "\r\n" }.joined()
        switch state {
        case .opened, .idle: return ""
        case .halfHead: return "GET /eng"
        case .halfSecondHead: return "POST /engine.io/?EIO"
        case .body: return "POST \(Self.target(sid)) HTTP/1.1\r\n\(host)Content-Length: 50\r\n\r\n4aaaa"
        case .chunkedBody:
            return "POST \(Self.target(sid)) HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5\r\n4aaaa\r\n"
        case .brokenChunk:
            return "POST \(Self.target(sid)) HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        case .unwantedBody: return "POST \(Self.target("x")) HTTP/1.1\r\n\(host)Content-Length: 50\r\n\r\n4aaaa"
        case .pollWithBody: return "GET \(Self.target(sid)) HTTP/1.1\r\n\(host)Content-Length: 1\r\n\r\n"
        case .handshakeWithBody: return "\(Self.handshake)\r\n\(host)Content-Length: 1\r\n\r\n"
        case .upgradeWithBody:
            return "GET \(Self.target(sid)) HTTP/1.1\r\n\(host)\(upgrade)Content-Length: 5\r\n\r\n"
                .replacing("polling", with: "websocket")
        case .otherPath: return "GET /other HTTP/1.1\r\n\(host)Content-Length: 1\r\n\r\n"
        case .poll: return "GET \(Self.target(sid)) HTTP/1.1\r\n\(host)\r\n"
        case .question: return "\(Self.handshake)\r\n\(host)Wait: yes\r\n\r\n"
        case .passedBody: return "POST /other HTTP/1.1\r\n\(host)Content-Length: 50\r\n\r\n4aaaa"
        case .passed: return "GET /other HTTP/1.1\r\n\(host)\r\n"
        case .refused: return "DELETE \(Self.target("x")) HTTP/1.1\r\n\(host)Content-Length: 50\r\n\r\n4aaaa"
        }
    }

    /// After how many seconds the connection is closed; `nil` where the application, or the session, is waited for, and
    /// where it is closed already.
    private func timeout(of state: State) -> Int? {
        switch state {
        case .opened, .halfHead, .halfSecondHead, .body, .chunkedBody, .unwantedBody, .pollWithBody: 30
        case .handshakeWithBody, .passedBody, .refused: 30
        case .idle: 60
        case .brokenChunk, .otherPath, .upgradeWithBody, .poll, .question, .passed: nil
        }
    }

    private func other(for state: State) -> EngineHTTPHandler.Other {
        switch state {
        case .passed, .passedBody: .pass { try $0.pipeline.syncOperations.addHandler(Application()) }
        default: .refuse
        }
    }

    @Test(arguments: State.allCases, End.allCases)
    func nothingIsHeld(state: State, end: End) async throws {
        let server = TestServer(
            EngineConfiguration(
                allowRequest: { request in
                    if request.header("Wait") != nil { try? await Task.sleep(for: .seconds(3600)) }
                    return .allow
                }
            )
        )
        let opening = try await server.request(Self.handshake)
        let session = WeakReference<EngineSession>()
        session.object = server.server.session(opening.sid)
        let client = try await server.connect(other: other(for: state))
        switch state {
        case .idle, .halfSecondHead:
            try await client.send(["POST \(Self.target(opening.sid)) HTTP/1.1"], body: "4a")
            _ = try await client.response()
        default: break
        }
        let text = bytes(for: state, sid: opening.sid)
        if !text.isEmpty { try await client.write(text) }
        await client.run()
        let isNew = state == .opened || state == .halfHead
        let newHandler = isNew ? try await client.handler(OpeningHandler.self) : WeakReference()
        // A connection that has had its answer and is broken is closed already.
        let handler =
            isNew || !client.isActive
            ? WeakReference() : try await client.handler(EngineHTTPHandler.self)
        switch end {
        case .end: try await client.giveUp()
        case .abort: try await client.abort()
        case .stop: try await client.stop()
        case .silence:
            if let seconds = timeout(of: state) {
                await server.advance(by: .seconds(seconds) - .milliseconds(1), client)
                #expect(client.isActive)
                // The bytes that came gave it a little more.
                await server.advance(by: .milliseconds(11), client)
            }
        }
        server.server.closeAll()
        server.application.forget()
        for _ in 0..<4 { await client.run() }
        if (state == .passed && end != .abort) || (state == .question && (end == .stop || end == .silence)) {
            // The request is complete: it may be answered.
            #expect(client.isActive)
            if end == .stop { await server.advance(by: .seconds(5), client) } else { try await client.abort() }
        }
        if state == .poll, end == .silence {
            // Answered when the session was closed.
            await server.advance(by: .seconds(60), client)
        }
        #expect(!client.isActive)
        // Sessions wait for a farewell poll.
        await server.advance(by: .seconds(60), client)
        // The question is cancelled on another thread.
        for _ in 0..<100_000 where handler.object != nil && state == .question {
            await Task.yield()
            await client.run()
        }
        #expect(newHandler.object == nil)
        #expect(handler.object == nil)
        #expect(session.object == nil)
        #expect(server.server.sessionCount == 0)
    }
}
