import EngineIO
import SocketIO
import SocketIOTestKit
import Testing

/// Events that wait until a slow client keeps up.
@Suite struct BackPressureTests {
    private let fixture = Fixture()
    private let sockets = Journal<Socket>()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    init() {
        let sockets = sockets
        io.onConnection { socket in sockets.add(socket) }
    }

    /// Sends an event when there is room, and notes what became of it.
    private func send(_ text: String) -> Task<Void, Never> {
        Task { [journal, socket = sockets.entries[0]] in
            do {
                try await socket.emitWhenWritable("a", text)
                journal.add("sent \(text)")
            } catch {
                journal.add("\(error)")
            }
        }
    }

    /// A client that does not keep up, for which `count` events wait.
    private func congested(_ count: Int = 1) async throws -> (TestConnection, [Task<Void, Never>]) {
        let client = fixture.join()
        client.isWritable = false
        var tasks: [Task<Void, Never>] = []
        for index in 0..<count {
            let before = fixture.loop.executedCount
            tasks.append(send("\(index)"))
            // Each is queued before the next begins.
            try await fixture.loop.wait(until: { fixture.loop.executedCount > before })
        }
        return (client, tasks)
    }

    @Test func roomIsUsedAtOnce() async throws {
        let client = fixture.join()
        let task = send("x")
        try await fixture.wait { await task.value }
        #expect(client.takeSent() == ["42[\"a\",\"x\"]"])
        #expect(journal.entries == ["sent x"])
    }

    @Test func eventsWaitInOrder() async throws {
        let (client, tasks) = try await congested(3)
        #expect(client.takeSent() == [])
        fixture.loop.turn { sockets.entries[0].emit("b") }
        client.becomeWritable()
        #expect(
            client.takeSent() == ["42[\"b\"]", "42[\"a\",\"0\"]", "42[\"a\",\"1\"]", "42[\"a\",\"2\"]"]
        )
        for task in tasks { await task.value }
        #expect(Set(journal.entries) == ["sent 0", "sent 1", "sent 2"])
    }

    @Test func noMoreIsSentThanThereIsRoomFor() async throws {
        let (client, tasks) = try await congested(2)
        client.messagesUntilFull = 1
        client.becomeWritable()
        #expect(client.takeSent() == ["42[\"a\",\"0\"]"])
        client.becomeWritable()
        #expect(client.takeSent() == ["42[\"a\",\"1\"]"])
        for task in tasks { await task.value }
    }

    @Test(arguments: [(EngineConfiguration.highWaterMark, true), (EngineConfiguration.highWaterMark + 1, false)])
    func longPollingHasRoomUpToTheMark(bytes: Int, isSent: Bool) async throws {
        let client = fixture.join()
        client.change(to: .polling)
        client.isWritable = false
        client.bufferedBytes = bytes
        let before = fixture.loop.executedCount
        let task = send("x")
        try await fixture.loop.wait(until: { fixture.loop.executedCount > before })
        #expect(client.takeSent().count == (isSent ? 1 : 0))
        client.becomeWritable()
        await task.value
        #expect(journal.entries == ["sent x"])
    }

    @Test func theEndOfTheSocketEndsTheWait() async throws {
        let (client, tasks) = try await congested(2)
        client.receive(.closed)
        for task in tasks { await task.value }
        #expect(journal.entries == ["disconnected", "disconnected"])
        let late = send("late")
        try await fixture.wait { await late.value }
        #expect(journal.entries.last == "disconnected")
    }

    @Test func otherSocketsOfTheClientWaitOn() async throws {
        let (client, tasks) = try await congested()
        client.isWritable = true
        client.receive("40/other,")
        _ = client.takeSent()
        client.isWritable = false
        io.of("/other").disconnectSockets()
        fixture.loop.turn()
        client.becomeWritable()
        for task in tasks { await task.value }
        #expect(journal.entries == ["sent 0"])
    }

    @Test func cancellationEndsTheWait() async throws {
        let (client, tasks) = try await congested(2)
        tasks[0].cancel()
        try await fixture.wait { await tasks[0].value }
        client.becomeWritable()
        await tasks[1].value
        #expect(journal.entries == ["CancellationError()", "sent 1"])
        #expect(client.takeSent() == ["42[\"a\",\"1\"]"])
    }

    @Test func whatCannotBeEncodedDoesNotWait() async throws {
        _ = fixture.join()
        let socket = sockets.entries[0]
        await #expect(throws: EmitError.notEncodable) { try await socket.emitWhenWritable("connect") }
    }

    @Test func droppedVolatileEventsAreCounted() async throws {
        let clients = (0..<2).map { _ in fixture.join() }
        clients[0].isWritable = false
        fixture.loop.turn {
            io.volatile.emit("a")
            sockets.entries[0].volatile.emit("a")
        }
        let statistics = try await fixture.wait { [io] in await io.statistics() }
        #expect(statistics.volatileEventsDropped == 2)
        #expect(statistics.eventsSent == 1)
    }
}
