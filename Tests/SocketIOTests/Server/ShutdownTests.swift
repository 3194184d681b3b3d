import EngineIO
import SocketIO
import SocketIOTestKit
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

    /// A hundred at once; more ten times a second, so many that it takes no longer than the period.
    @Test(arguments: [
        (100, 10_000, [100]), (101, 10_000, [100, 101]), (250, 10_000, [100, 200, 250]), (450, 300, [150, 300, 450]),
    ])
    func clientsLeaveInSlices(count: Int, milliseconds: Int, gone: [Int]) async throws {
        let clients = (0..<count).map { _ in fixture.join() }
        let task = shutdown(.milliseconds(milliseconds))
        try await fixture.loop.wait(until: { !journal.entries.isEmpty })
        for gone in gone.dropLast() {
            #expect(clients.count { $0.isClosed } == gone)
            fixture.loop.advance(by: .milliseconds(99))
            #expect(clients.count { $0.isClosed } == gone)
            fixture.loop.advance(by: .milliseconds(1))
        }
        #expect(clients.count { $0.isClosed } == gone.last)
        try await fixture.wait { await task.value }
        #expect(journal.entries == Array(repeating: "server shutting down", count: count) + ["done"])
        // The official client would not come back after DISCONNECT.
        #expect(clients.allSatisfy { $0.sent == [.closed] })
        #expect(fixture.loop.timerCount == 0)
    }

    /// Asynchronous handlers for the end of sockets have the rest of the period, and are then cancelled.
    @Test(arguments: [true, false])
    func handlersOfTheEndHaveTheRestOfThePeriod(isInTime: Bool) async throws {
        let gate = Turnstile()
        io.onConnection { [journal] socket in
            socket.onDisconnect { _ async in
                await withTaskCancellationHandler {
                    await gate.pass()
                } onCancel: {
                    gate.openAll()
                }
                journal.add("ended, cancelled \(Task.isCancelled)")
            }
        }
        let client = fixture.join()
        let task = shutdown(.seconds(5))
        try await fixture.loop.wait(until: { fixture.loop.timerCount == 1 })
        #expect(client.isClosed)
        fixture.loop.advance(by: .seconds(5) - .nanoseconds(1))
        #expect(journal.entries == ["server shutting down"])
        if isInTime { gate.openAll() } else { fixture.loop.advance(by: .nanoseconds(1)) }
        try await fixture.wait { await task.value }
        #expect(journal.entries == ["server shutting down", "ended, cancelled \(!isInTime)", "done"])
        #expect(fixture.loop.timerCount == 0)
    }

    @Test func connectionsThatComeMeanwhileAreClosed() async throws {
        let otherLoop = ManualLoop()
        _ = (0..<2).map { _ in fixture.join() }
        let task = shutdown(.seconds(1))
        try await fixture.loop.wait(until: { !journal.entries.isEmpty })
        #expect(fixture.connect().isClosed)
        #expect(fixture.connect(on: otherLoop).isClosed)
        fixture.loop.advance(by: .seconds(1))
        try await fixture.wait(also: otherLoop) { await task.value }
    }

    @Test func cancellationShortensThePeriod() async throws {
        let clients = (0..<10).map { _ in fixture.join() }
        let task = shutdown(.seconds(10))
        try await fixture.loop.wait(until: { !journal.entries.isEmpty })
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
        try await fixture.loop.wait(until: { client.isClosed })
        gate.open()
        try await fixture.loop.wait(until: { journal.entries.count == 3 })
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
        try await fixture.loop.wait(until: {
            otherLoop.turn()
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
        try await fixture.loop.wait(until: { !journal.entries.isEmpty })
        #expect(client.isClosed)
    }
}
