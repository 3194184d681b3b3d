import EngineIO
import Locking
import SocketIOTestKit
import Testing

@Suite final class ManualLoopTests: Sendable {
    private let loop = ManualLoop()
    private let journal = Mutex<[String]>([])

    private func note(_ text: String) -> @Sendable () -> Void {
        { [self] in journal.withLock { $0.append(text) } }
    }

    private var notes: [String] { journal.withLock { $0 } }

    @Test func workWaitsForATurn() {
        loop.execute { [self] in
            note("first")()
            loop.execute(note("third"))
        }
        loop.execute(note("second"))
        #expect(notes == [])
        #expect(loop.queuedCount == 2)
        loop.turn()
        #expect(notes == ["first", "second", "third"])
        #expect(loop.executedCount == 3)
        #expect(loop.turn { loop.isCurrent })
        #expect(!loop.isCurrent)
    }

    @Test func timersRunInOrderAtTheirTime() {
        let start = loop.now
        _ = loop.schedule(at: start + .seconds(2), note("late"))
        _ = loop.schedule(at: start + .seconds(1)) { [self] in
            note("\(loop.now - start)")()
            _ = loop.schedule(at: loop.now + .milliseconds(500), note("between"))
        }
        _ = loop.schedule(at: start + .seconds(2), note("as late"))
        loop.schedule(at: start + .seconds(1), note("cancelled")).cancel()
        loop.advance(by: .milliseconds(999))
        #expect(notes == [])
        #expect(loop.timerCount == 3)
        loop.advance(by: .seconds(2))
        #expect(notes == ["1.0 seconds", "between", "late", "as late"])
        #expect(loop.now == start + .milliseconds(2999))
    }

    @Test func waitsForWhatRunsElsewhere() async throws {
        Task.detached { [self] in loop.execute(note("done")) }
        try await loop.wait { notes == ["done"] }
        await #expect(throws: ManualLoop.NeverHappened.self) {
            try await loop.wait(patience: .milliseconds(1)) { false }
        }
    }
}
