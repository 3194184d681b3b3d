import EngineIO
import SocketIO
import Testing

/// The end of the server: at once, in slices, and from within its own handlers.
@Suite struct ShutdownTests {
    private let fixture = Fixture()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    init() {
        io.onConnection { [journal] socket in
            socket.onDisconnect { journal.add($0.rawValue) }
        }
    }

    private func shutdown(_ period: Duration) -> Task<Void, Never> {
        Task { [io, journal] in
            await io.shutdown(gracePeriod: period)
            journal.add("done")
        }
    }

    @Test func clientsLeaveInSlices() async throws {
        let clients = (0..<10).map { _ in fixture.join() }
        let task = shutdown(.seconds(10))
        try await fixture.loop.drain(until: { !journal.entries.isEmpty })
        for gone in 1..<10 {
            #expect(clients.count { $0.isClosed } == gone)
            fixture.loop.advance(by: .milliseconds(999))
            #expect(clients.count { $0.isClosed } == gone)
            fixture.loop.advance(by: .milliseconds(1))
        }
        try await fixture.wait { await task.value }
        #expect(journal.entries == Array(repeating: "server shutting down", count: 10) + ["done"])
        // The official client would not come back after DISCONNECT.
        #expect(clients.allSatisfy { $0.sent == [.closed] })
        #expect(fixture.loop.timerCount == 0)
    }

    @Test func manyClientsLeaveInFewSlices() async throws {
        let clients = (0..<100).map { _ in fixture.join() }
        let task = shutdown(.milliseconds(100))
        try await fixture.loop.drain(until: { !journal.entries.isEmpty })
        #expect(clients.count { $0.isClosed } == 20)
        for client in clients.prefix(30) { client.receive(.closed) }
        fixture.loop.advance(by: .milliseconds(20))
        #expect(clients.count { $0.isClosed } == 50)
        fixture.loop.advance(by: .milliseconds(20))
        #expect(clients.count { $0.isClosed } == 60)
        for _ in 0..<2 { fixture.loop.advance(by: .milliseconds(20)) }
        try await fixture.wait { await task.value }
        #expect(clients.allSatisfy { $0.isClosed })
    }

    @Test func connectionsThatComeMeanwhileAreClosed() async throws {
        let otherLoop = ManualLoop()
        _ = (0..<2).map { _ in fixture.join() }
        let task = shutdown(.seconds(1))
        try await fixture.loop.drain(until: { !journal.entries.isEmpty })
        #expect(fixture.connect().isClosed)
        #expect(fixture.connect(on: otherLoop).isClosed)
        fixture.loop.advance(by: .seconds(1))
        try await fixture.wait(also: otherLoop) { await task.value }
    }

    @Test func cancellationShortensThePeriod() async throws {
        let clients = (0..<10).map { _ in fixture.join() }
        let task = shutdown(.seconds(10))
        try await fixture.loop.drain(until: { !journal.entries.isEmpty })
        task.cancel()
        try await fixture.wait { await task.value }
        #expect(clients.allSatisfy { $0.isClosed })
        #expect(fixture.loop.timerCount == 0)
    }

    @Test func aServerWithoutClientsEndsAtOnce() async throws {
        let task = shutdown(.seconds(10))
        await task.value
        let client = Fixture()
        let one = client.join()
        let other = Task { [io = client.io] in await io.shutdown(gracePeriod: .seconds(10)) }
        try await client.wait { await other.value }
        #expect(one.isClosed)
    }

    @Test func aHandlerMayCloseItsOwnServer() async throws {
        let gate = Gate()
        io.onConnection { [io, journal] socket in
            socket.on("close") { () async in
                await io.close()
                journal.add("closed \(Task.isCancelled)")
            }
            socket.on("work") { () async in
                await gate.wait()
                journal.add("worked \(Task.isCancelled)")
            }
        }
        let client = fixture.join()
        client.receive("42[\"work\"]", "42[\"close\"]")
        try await fixture.loop.drain(until: { client.isClosed })
        gate.open()
        try await fixture.loop.drain(until: { journal.entries.count == 3 })
        #expect(journal.entries == ["server shutting down", "worked true", "closed false"])
    }

    @Test func handlersThatCloseDoNotWaitForEachOther() async throws {
        let otherLoop = ManualLoop()
        let gate = Gate()
        io.onConnection { [io, journal] socket in
            socket.on("close") { () async in
                await gate.wait()
                // A task of the handler is the handler still.
                async let closing: Void = io.close()
                await closing
                journal.add("closed")
            }
        }
        let clients = [fixture.join(), fixture.join(), fixture.join(on: otherLoop)]
        for client in clients { client.receive("42[\"close\"]") }
        gate.open()
        try await fixture.loop.drain(until: {
            otherLoop.drain()
            return journal.entries.count { $0 == "closed" } == 3
        })
        try await fixture.wait(also: otherLoop) { [io] in await io.close() }
        #expect(clients.allSatisfy { $0.isClosed })
    }

    @Test func middlewaresMayCloseToo() async throws {
        io.of("/a").use { [io, journal] _ async in
            await io.shutdown(gracePeriod: .zero)
            journal.add("closed")
        }
        let client = fixture.connect()
        client.receive("40/a,")
        try await fixture.loop.drain(until: { !journal.entries.isEmpty })
        #expect(client.isClosed)
    }
}
