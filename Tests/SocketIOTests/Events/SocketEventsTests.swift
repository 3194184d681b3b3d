import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

extension Events {
    fileprivate static let number = Event<Int, Void>("number")
    fileprivate static let pair = Event<Int, String, Void>("pair")
    fileprivate static let ping = Event<Void>("ping")
    fileprivate static let double = Event<Int, Int>("double")
    fileprivate static let sum = Event<Int, Int, Int>("sum")
}

/// Sequences of events, and what holds their clients up.
@Suite struct SocketEventsTests {
    private let sockets = Journal<Socket>()
    private let journal = Journal<String>()

    private func fixture(
        handlerBytes: Int = 1 << 20,
        held: Int = 10
    ) -> Fixture {
        let fixture = Fixture(.init(maxHandlerBytesInFlight: handlerBytes, maxHeldEvents: held))
        fixture.io.onConnection { [sockets, journal] socket in
            sockets.add(socket)
            socket.on("plain") { (number: Int) in journal.add("plain \(number)") }
            socket.onDisconnect { (reason: DisconnectReason) in journal.add(reason.rawValue) }
        }
        return fixture
    }

    /// How many handlers the socket has beside those of the fixture.
    private func registered(_ socket: Socket, _ fixture: Fixture) -> Int {
        fixture.loop.onLoop { socket.listeners.events.count } - 1
    }

    /// Takes from a sequence until it ends, and notes what comes.
    private func take<Element: Sendable>(
        _ events: SocketEvents<Element>,
        _ describe: @escaping @Sendable (Element) -> String = { "\($0)" }
    ) -> Task<Void, Never> {
        Task { [journal] in
            for await event in events { journal.add(describe(event)) }
            journal.add("end")
        }
    }

    private func takeOne<Element: Sendable>(
        _ events: SocketEvents<Element>,
        _ fixture: Fixture
    ) async throws -> Element? {
        let taken = try await fixture.wait {
            var iterator = events.makeAsyncIterator()
            return await iterator.next()
        }
        fixture.loop.turn()
        return taken
    }

    @Test func eventsComeWithTheirTypes() async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        let pairs = socket.events(.pair, limit: 3)
        let pings = socket.events(.ping, limit: 3)
        let raw = socket.events("raw", limit: 3)
        fixture.loop.turn()
        client.receive("42[\"pair\",1,\"a\"]", "42[\"pair\",2,\"b\",3]", "42[\"ping\"]")
        client.receive("421[\"raw\",1]", "42[\"raw\"]")
        let tasks = [
            take(pairs) { "\($0.0 + 1) \($0.1)" }, take(pings) { _ in "ping" },
            take(raw) { arguments, acknowledge in
                acknowledge?("raw")
                return "\(arguments.count) \(acknowledge != nil)"
            },
        ]
        try await fixture.loop.wait(until: { journal.entries.count == 5 })
        #expect(journal.takeAll().sorted() == ["0 false", "1 true", "2 a", "3 b", "ping"])
        client.receive("41")
        for task in tasks { try await fixture.wait { await task.value } }
        #expect(client.takeSent() == ["431[\"raw\"]"])
        #expect(journal.entries.filter { $0 == "end" }.count == 3)
    }

    @Test func acknowledgementsAreSentByWhoeverTakesTheEvent() async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        let doubles = socket.events(.double, limit: 2)
        let sums = socket.events(.sum, limit: 2)
        fixture.loop.turn()
        client.receive("421[\"double\",2]", "422[\"sum\",1,2]", "42[\"sum\",5,6]")
        #expect(client.takeSent() == [])
        let tasks = [
            Task { for await (number, answer) in doubles { answer(number * 2) } },
            Task { [journal] in
                for await ((a, b), answer) in sums {
                    answer(a + b)
                    answer(0)
                    journal.add("\(a + b)")
                }
            },
        ]
        try await fixture.loop.wait(until: { journal.entries == ["3", "11"] && client.sent.count == 2 })
        client.receive("41")
        for task in tasks { try await fixture.wait { await task.value } }
        #expect(Set(client.takeSent().map(\.description)) == ["431[4]", "432[3]"])
    }

    /// At the limit everything that the client sends waits in its order, and is not lost.
    @Test(arguments: [1, 2, 5], [false, true])
    func aFullSequenceHoldsTheClientUp(limit: Int, isBehindMiddleware: Bool) async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        if isBehindMiddleware { socket.use { _, _ async in } }
        let events = socket.events(.number, limit: limit)
        fixture.loop.turn()
        for number in 1..<limit { client.receive(.text("42[\"number\",\(number)]")) }
        client.receive("42[\"plain\",1]")
        #expect(journal.takeAll() == ["plain 1"])
        client.receive(.text("42[\"number\",\(limit)]"), "42[\"plain\",2]", "42[\"number\",0]", "42[\"plain\",3]")
        #expect(journal.takeAll() == [])
        #expect(try await takeOne(events, fixture) == 1)
        #expect(journal.entries == ["plain 2"])
        #expect(try await takeOne(events, fixture) == (limit == 1 ? 0 : 2))
        #expect(journal.entries == ["plain 2", "plain 3"])
        let task = take(events)
        client.receive("41")
        try await fixture.wait { await task.value }
        let rest = limit == 1 ? [] : (3..<(limit + 1)).map { "\($0)" } + ["0"]
        let entries = journal.entries.filter { $0 != "client namespace disconnect" }
        #expect(entries == ["plain 2", "plain 3"] + rest + ["end"])
    }

    @Test(arguments: [(3, false), (4, true)])
    func whatWaitsForASequenceIsBounded(count: Int, isClosed: Bool) {
        let fixture = fixture(held: 3)
        let client = fixture.join()
        let events = sockets.entries[0].events(.number, limit: 2)
        fixture.loop.turn()
        for number in 0..<(2 + count) { client.receive(.text("42[\"number\",\(number)]")) }
        #expect(client.isClosed == isClosed)
        #expect(journal.entries == (isClosed ? ["forced server close"] : []))
        withExtendedLifetime(events) {}
    }

    /// What a sequence keeps counts among the bytes in flight, until it is taken.
    @Test(arguments: [(100, ["plain 1"]), (2000, [])])
    func bytesAreBounded(size: Int, plain: [String]) async throws {
        let fixture = fixture(handlerBytes: 1000)
        let client = fixture.join()
        let events = sockets.entries[0].events("big", limit: 100)
        fixture.loop.turn()
        client.receive(.text("42[\"big\",\"\(String(repeating: "x", count: size))\"]"), "42[\"plain\",1]")
        #expect(journal.entries == plain)
        #expect(try await takeOne(events, fixture)?.0.count == 1)
        #expect(journal.entries == ["plain 1"])
    }

    /// The place among handlers is that of the call.
    @Test func eventsComeInOrderWithPlainHandlers() async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        let events = fixture.loop.turn { [journal] in
            socket.on(.number) { journal.add("before \($0)") }
            defer { socket.on(.number) { journal.add("after \($0)") } }
            return socket.events(.number, limit: 4)
        }
        // The one that takes runs on the loop, so that what it notes has a place among the others.
        fixture.loop.turn { [journal] in
            _ = socket.on("go") { () async in for await number in events { journal.add("taken \(number)") } }
        }
        client.receive("42[\"number\",1]", "42[\"number\",2]")
        #expect(journal.takeAll() == ["before 1", "after 1", "before 2", "after 2"])
        client.receive("42[\"go\"]")
        try await fixture.loop.wait(until: { journal.entries.count == 2 })
        #expect(journal.takeAll() == ["taken 1", "taken 2"])
        client.receive("42[\"number\",3]")
        try await fixture.loop.wait(until: { journal.entries.count == 3 })
        #expect(journal.takeAll() == ["before 3", "after 3", "taken 3"])
        client.receive("41")
    }

    @Test func argumentsThatDoNotFitTakeNoPlace() async throws {
        let fixture = fixture()
        let client = fixture.join()
        let events = sockets.entries[0].events(.number, limit: 1)
        fixture.loop.turn()
        client.receive("42[\"number\",\"x\"]", "42[\"number\"]", "42[\"plain\",1]", "42[\"number\",7]")
        #expect(journal.takeAll() == ["plain 1"])
        #expect(try await takeOne(events, fixture) == 7)
    }

    /// How a sequence ends that somebody takes from.
    enum End: CaseIterable {
        case left
        case disconnected
        case connectionGone
        case serverCloses
        case handlersRemoved
    }

    @Test(arguments: End.allCases)
    func sequencesEndWithTheSocket(end: End) async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        let events = socket.events(.number, limit: 3)
        fixture.loop.turn()
        client.receive("42[\"number\",1]", "42[\"number\",2]")
        switch end {
        case .left: client.receive("41")
        case .disconnected: fixture.loop.turn { socket.disconnect() }
        case .connectionGone: client.receive(.closed)
        case .serverCloses: try await fixture.wait { await fixture.io.close() }
        case .handlersRemoved: fixture.loop.turn { socket.off(.number) }
        }
        _ = journal.takeAll()
        // What was there is still to be had.
        let task = take(events)
        try await fixture.wait { await task.value }
        #expect(journal.takeAll() == ["1", "2", "end"])
        // And the end stays the end.
        let again = take(events)
        try await fixture.wait { await again.value }
        #expect(journal.entries == ["end"])
    }

    @Test func whoWaitsIsToldOfTheEnd() async throws {
        let fixture = fixture()
        let client = fixture.join()
        let events = sockets.entries[0].events(.number, limit: 3)
        fixture.loop.turn()
        let executed = fixture.loop.executedCount
        let tasks = [take(events), take(events)]
        try await fixture.loop.wait(until: { fixture.loop.executedCount >= executed + 2 })
        client.receive("42[\"number\",1]")
        try await fixture.loop.wait(until: { journal.entries == ["1"] })
        client.receive(.closed)
        for task in tasks { try await fixture.wait { await task.value } }
        #expect(journal.entries.filter { $0 == "end" }.count == 2)
    }

    /// A full one does not hold the client's other namespaces up when its socket is gone.
    @Test func aSocketThatIsGoneHoldsNobodyUp() {
        let fixture = fixture()
        _ = fixture.io.of("/a")
        fixture.io.of("/a").onConnection { [sockets] socket in sockets.add(socket) }
        let client = fixture.join()
        client.receive("40/a,")
        let events = sockets.entries[1].events(.number, limit: 1)
        fixture.loop.turn()
        client.receive("42/a,[\"number\",1]", "42[\"plain\",1]")
        #expect(journal.entries == [])
        client.receive("41/a,")
        #expect(journal.entries == ["plain 1"])
        withExtendedLifetime(events) {}
    }

    /// How an application gives up a sequence of a socket that lives on.
    enum Loss: CaseIterable {
        case neverTaken
        case leftTheLoop
        case cancelledWhileWaiting
        case cancelledBefore
    }

    @Test(arguments: Loss.allCases)
    func whatNobodyWantsIsUnregistered(loss: Loss) async throws {
        let fixture = fixture()
        let client = fixture.join()
        let socket = sockets.entries[0]
        do {
            let events = socket.events(.number, limit: 1)
            fixture.loop.turn()
            #expect(registered(socket, fixture) == 1)
            switch loss {
            case .neverTaken: break
            case .leftTheLoop:
                client.receive("42[\"number\",1]")
                try await fixture.wait { for await _ in events { break } }
            case .cancelledWhileWaiting:
                let executed = fixture.loop.executedCount
                let task = take(events)
                try await fixture.loop.wait(until: { fixture.loop.executedCount > executed })
                task.cancel()
                try await fixture.wait { await task.value }
                #expect(journal.takeAll() == ["end"])
            case .cancelledBefore:
                client.receive("42[\"number\",1]")
                let gate = Turnstile()
                let task = Task { [journal] in
                    await gate.pass()
                    for await number in events { journal.add("\(number)") }
                    journal.add("end")
                }
                task.cancel()
                gate.openAll()
                try await fixture.wait { await task.value }
                #expect(journal.takeAll() == ["end"])
            }
            client.receive("42[\"number\",2]", "42[\"number\",3]", "42[\"plain\",1]")
            withExtendedLifetime(events) {}
        }
        // With the last that knows it goes what it holds, and nobody waits for it.
        try await fixture.loop.wait(until: { journal.entries == ["plain 1"] })
        #expect(registered(socket, fixture) == 0)
        client.receive("42[\"number\",4]", "42[\"plain\",2]")
        #expect(journal.entries == ["plain 1", "plain 2"])
        #expect(!client.isClosed)
    }

    @Test func aRefusedSocketHasNoEvents() async throws {
        let fixture = fixture()
        let kept = Journal<SocketEvents<Int>>()
        fixture.io.use { socket in
            kept.add(socket.events(.number, limit: 1))
            throw ConnectionRefused("no")
        }
        let client = fixture.connect()
        client.receive("40")
        let task = take(kept.entries[0])
        try await fixture.wait { await task.value }
        #expect(journal.entries == ["end"])
    }
}
