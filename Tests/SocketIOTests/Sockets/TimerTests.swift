import EngineIO
import SocketIOTestKit
import Testing

@testable import SocketIO

/// What a socket is to do later.
@Suite struct TimerTests {
    private let journal = Journal<String>()
    private let sockets = Journal<Socket>()

    private func fixture(_ configuration: SocketIOServer.Configuration = .init()) -> Fixture {
        let fixture = Fixture(configuration)
        fixture.io.onConnection { [sockets] socket in sockets.add(socket) }
        return fixture
    }

    @Test(arguments: [true, false])
    func timersRunInTime(isOnLoop: Bool) {
        let fixture = fixture()
        _ = fixture.join()
        let socket = sockets.entries[0]
        let loop = fixture.loop
        let set = { [journal] in
            for seconds in [2, 1, 3] {
                _ = socket.after(.seconds(seconds)) { journal.add("\(seconds) \(loop.isCurrent)") }
            }
        }
        if isOnLoop { loop.onLoop(set) } else { set() }
        loop.turn()
        loop.advance(by: .milliseconds(999))
        #expect(journal.takeAll() == [])
        loop.advance(by: .milliseconds(1))
        #expect(journal.takeAll() == ["1 true"])
        loop.advance(by: .seconds(5))
        #expect(journal.takeAll() == ["2 true", "3 true"])
        loop.advance(by: .seconds(5))
        #expect(journal.entries == [])
    }

    /// The delay counts from the call, wherever that was.
    @Test func theDelayCountsFromTheCall() {
        let fixture = fixture()
        _ = fixture.join()
        sockets.entries[0].after(.seconds(2)) { [journal] in journal.add("ran") }
        fixture.loop.advance(by: .seconds(1))
        fixture.loop.turn()
        fixture.loop.advance(by: .seconds(1))
        #expect(journal.entries == ["ran"])
    }

    @Test(arguments: [true, false])
    func timersCanBeCancelled(isOnLoop: Bool) {
        let fixture = fixture()
        _ = fixture.join()
        let socket = sockets.entries[0]
        let run = { [journal, loop = fixture.loop] in
            let first = socket.after(.seconds(1)) { journal.add("first") }
            _ = socket.after(.seconds(1)) { journal.add("second") }
            first.cancel()
            first.cancel()
            #expect(isOnLoop == loop.isCurrent)
        }
        if isOnLoop { fixture.loop.onLoop(run) } else { run() }
        fixture.loop.turn()
        #expect(fixture.loop.timerCount == 1)
        fixture.loop.advance(by: .seconds(1))
        #expect(journal.entries == ["second"])
    }

    /// One that is due in the same turn is cancelled all the same.
    @Test func aTimerCancelsOneThatIsDue() {
        let fixture = fixture()
        _ = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            let second = Journal<SocketTimer>()
            _ = socket.after(.seconds(1)) {
                journal.add("first")
                second.entries[0].cancel()
            }
            second.add(socket.after(.seconds(1)) { journal.add("second") })
        }
        fixture.loop.advance(by: .seconds(2))
        #expect(journal.entries == ["first"])
    }

    /// How a socket ends.
    enum End: CaseIterable {
        case left
        case disconnected
        case connectionGone
        case serverCloses
    }

    @Test(arguments: End.allCases)
    func timersEndWithTheSocket(end: End) async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            _ = socket.after(.seconds(1)) { journal.add("sync") }
            _ = socket.after(.seconds(1)) { () async in journal.add("async") }
            socket.onDisconnecting { (_: DisconnectReason) in
                journal.add("disconnecting")
                socket.after(.zero) { journal.add("while disconnecting") }
            }
            socket.onDisconnect { (_: DisconnectReason) in socket.after(.zero) { journal.add("after the end") } }
        }
        switch end {
        case .left: client.receive("41")
        case .disconnected: fixture.loop.turn { socket.disconnect() }
        case .connectionGone: client.receive(.closed)
        case .serverCloses: try await fixture.wait { await fixture.io.close() }
        }
        #expect(fixture.loop.timerCount == 0)
        fixture.loop.advance(by: .seconds(2))
        #expect(journal.entries == ["disconnecting"])
    }

    @Test func aRefusedSocketHasNoTimers() {
        let fixture = fixture()
        fixture.io.use { [journal] socket in
            socket.after(.seconds(1)) { journal.add("ran") }
            throw ConnectionRefused("no")
        }
        let client = fixture.connect()
        client.receive("40")
        #expect(client.takeSent().count == 1)
        client.receive(.closed)
        #expect(fixture.loop.timerCount == 0)
        fixture.loop.advance(by: .seconds(2))
        #expect(journal.entries == [])
    }

    @Test(arguments: [(2, 2), (3, 2), (10, 2)])
    func timersAreBounded(count: Int, set: Int) {
        let fixture = fixture(.init(maxTimersPerSocket: 2))
        _ = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            for number in 0..<count { _ = socket.after(.seconds(1)) { journal.add("\(number)") } }
        }
        #expect(fixture.loop.timerCount == set)
        let complaints = fixture.log.entries.filter { $0.hasPrefix("error a socket's timer was not set") }
        #expect(complaints.count == count - set)
        fixture.loop.advance(by: .seconds(1))
        #expect(journal.takeAll() == (0..<set).map { "\($0)" })
        // Those that have run make room, and those that were cancelled.
        fixture.loop.turn { [journal] in
            for _ in 0..<5 { socket.after(.seconds(1)) { journal.add("cancelled") }.cancel() }
            _ = socket.after(.seconds(1)) { journal.add("again") }
        }
        fixture.loop.advance(by: .seconds(1))
        #expect(journal.entries == ["again"])
    }

    /// Asynchronous work is a handler in flight: it ends with the connection.
    @Test func asynchronousWorkIsCancelledWithTheConnection() {
        let gate = Turnstile()
        let fixture = fixture(.init(maxHandlersInFlight: 1))
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            socket.on("e") { journal.add("event") }
            _ = socket.after(.seconds(1)) { () async in
                journal.add("begin")
                await gate.pass()
                journal.add("cancelled \(Task.isCancelled)")
            }
        }
        fixture.loop.advance(by: .seconds(1))
        client.receive("42[\"e\"]")
        #expect(journal.takeAll() == ["begin"])
        client.receive(.closed)
        gate.openAll()
        fixture.loop.turn()
        #expect(journal.entries == ["cancelled true"])
    }

    /// Neither a timer nor what cancels it keeps a socket that is gone.
    @Test func timersDoNotKeepTheSocket() {
        let fixture = Fixture()
        let timers = Journal<SocketTimer>()
        weak var socket: Socket?
        do {
            let held = Journal<Socket>()
            fixture.io.onConnection { held.add($0) }
            let client = fixture.join()
            socket = held.entries[0]
            fixture.loop.turn { timers.add(held.takeAll()[0].after(.seconds(1)) {}) }
            client.receive(.closed)
        }
        #expect(socket == nil)
        timers.entries[0].cancel()
    }
}
