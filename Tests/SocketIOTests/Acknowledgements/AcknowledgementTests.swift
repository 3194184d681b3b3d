import EngineIO
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// Acknowledgements that the server waits for.
@Suite struct AcknowledgementTests {
    private let fixture = Fixture()
    private let sockets = Journal<Socket>()
    private var io: SocketIOServer { fixture.io }

    init() {
        let sockets = sockets
        io.onConnection { socket in sockets.add(socket) }
    }

    /// What the test does once the client was asked.
    private struct Step: Sendable {
        let run: @Sendable () -> Void
    }

    /// Starts `operation`, lets the client answer once it was asked, and gives the result.
    private func ask<Answer: Sendable>(
        _ client: TestConnection,
        _ answer: Step,
        _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Result<Answer, any Error> {
        try await fixture.ask(client, answer.run, operation)
    }

    @Test func answersAreDecoded() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let result = try await ask(client, Step { client.receive("430[1]") }) { () -> Int in
            try await socket.timeout(.seconds(5)).emitWithAck("question", "a", 1)
        }
        #expect(try result.get() == 1)
        #expect(client.takeSent() == ["420[\"question\",\"a\",1]"])
        #expect(fixture.loop.timerCount == 0)
        let raw = try await ask(client, Step { client.receive("431[1,\"x\"]") }) {
            try await socket.timeout(.seconds(5)).emitWithRawAck("question")
        }
        #expect(try raw.get().count == 2)
    }

    @Test func answersOfAnotherTypeAreErrors() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let result = try await ask(client, Step { client.receive("430[\"x\"]") }) { () -> Int in
            try await socket.emitWithAck("question")
        }
        #expect(throws: ArgumentError.self) { try result.get() }
    }

    @Test func lateAnswersAreIgnored() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let loop = fixture.loop
        let result = try await ask(client, Step { loop.advance(by: .seconds(5)) }) { () -> Int in
            try await socket.timeout(.seconds(5)).emitWithAck("question")
        }
        #expect { try result.get() } throws: { error in
            if case AcknowledgementError.timedOut = error { true } else { false }
        }
        client.receive("430[1]", "4399[1]")
        #expect(!client.isClosed)
    }

    @Test func answersInTimeAreNotLate() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let loop = fixture.loop
        let answer = Step {
            loop.advance(by: .milliseconds(4999))
            client.receive("430[true]")
        }
        let result = try await ask(client, answer) { () -> Bool in
            try await socket.timeout(.seconds(5)).emitWithAck("question")
        }
        #expect(try result.get())
    }

    @Test func disconnectFailsThemAtOnce() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let result = try await ask(client, Step { client.receive(.closed) }) { () -> Int in
            try await socket.emitWithAck("question")
        }
        #expect { try result.get() } throws: { error in
            if case AcknowledgementError.disconnected = error { true } else { false }
        }
        let journal = Journal<String>()
        fixture.loop.turn {
            socket.timeout(.seconds(1)).emit("later") { result in
                if case .failure(.disconnected) = result { journal.add("failed") }
            }
        }
        #expect(journal.entries == ["failed"])
    }

    @Test func cancellationEndsTheWait() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let task = Task { () -> Int in try await socket.emitWithAck("question") }
        try await fixture.loop.wait(until: { !client.sent.isEmpty })
        task.cancel()
        let result = try await fixture.wait { await task.result }
        #expect(throws: CancellationError.self) { try result.get() }
    }

    @Test func callbacksRunOnTheLoop() {
        let client = fixture.join()
        let journal = Journal<String>()
        fixture.loop.turn {
            sockets.entries[0].timeout(.seconds(1)).emit("q", 1) { result in
                let text = try? result.get().decode(String.self)
                journal.add("\(text ?? "-")")
            }
        }
        client.receive("430[\"yes\"]")
        #expect(journal.entries == ["yes"])
        #expect(client.takeSent() == ["420[\"q\",1]"])
    }

    @Test func broadcastsGatherAnswersFromAllLoops() async throws {
        let otherLoop = ManualLoop()
        let here = fixture.join()
        let there = fixture.join(on: otherLoop)
        let task = Task { [io] () -> [Int] in
            try await io.timeout(.seconds(5)).emitWithAck("vote", 42)
        }
        try await fixture.loop.wait(until: {
            otherLoop.turn()
            return !here.sent.isEmpty && !there.sent.isEmpty
        })
        #expect(here.takeSent() == ["420[\"vote\",42]"])
        #expect(there.takeSent() == ["420[\"vote\",42]"])
        here.receive("430[1]")
        there.receive("430[2]")
        #expect(try await task.value.sorted() == [1, 2])
        #expect(fixture.loop.timerCount == 0)
        #expect(otherLoop.timerCount == 0)
    }

    @Test func broadcastTimeoutCarriesWhatCame() async throws {
        let clients = (0..<3).map { _ in fixture.join() }
        let task = Task { [io] () -> [Int] in try await io.timeout(.seconds(5)).emitWithAck("vote") }
        try await fixture.loop.wait(until: { clients.allSatisfy { !$0.sent.isEmpty } })
        clients[0].receive("430[7]")
        clients[1].receive(.closed)
        fixture.loop.advance(by: .seconds(5))
        let result = await task.result
        #expect { try result.get() } throws: { error in
            try (error as? BroadcastTimeout)?.decodeAnswers(as: Int.self) == [7]
        }
        clients[2].receive("430[8]")
        #expect(!clients[2].isClosed)
    }

    @Test func broadcastNeedsNoTimeout() async throws {
        let clients = (0..<2).map { _ in fixture.join() }
        let task = Task { [io] () -> [String] in try await io.to([]).emitWithAck("vote") }
        try await fixture.loop.wait(until: { clients.allSatisfy { !$0.sent.isEmpty } })
        clients[0].receive("430[\"a\"]")
        clients[1].receive("41")
        #expect(try await task.value == ["a"])
        #expect(fixture.loop.timerCount == 0)
        let nobody = try await fixture.wait { [io] () -> [Int] in try await io.to("nobody").emitWithAck("vote") }
        #expect(nobody == [])
    }
}
