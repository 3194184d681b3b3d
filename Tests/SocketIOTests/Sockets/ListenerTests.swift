import EngineIO
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// Listeners that come and go, those for every event, and middlewares for events.
@Suite struct ListenerTests {
    private struct Refused: Error {}

    private let fixture = Fixture()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    /// A client whose socket `body` has prepared.
    private func join(_ body: @escaping @Sendable (Socket) -> Void) -> TestConnection {
        io.onConnection { socket in body(socket) }
        return fixture.join()
    }

    @Test func onceIsOnce() async throws {
        let client = join { [journal] socket in
            socket.once("a") { (number: Int) in journal.add("void \(number)") }
            socket.once("a") { (number: Int) -> Int in number + 1 }
            socket.once("later") { (number: Int) async -> Int in number }
            socket.once("quiet") { () async in journal.add("quiet") }
            socket.once("raw", raw: { arguments, acknowledge in acknowledge?(arguments.count) })
            socket.on("a") { (number: Int) in journal.add("always \(number)") }
        }
        client.receive("420[\"a\",1]", "421[\"a\",2]", "422[\"later\",3]", "423[\"later\",4]")
        client.receive("42[\"quiet\"]", "42[\"quiet\"]", "424[\"raw\",1,2]", "425[\"raw\"]")
        try await fixture.loop.wait(until: { client.sent.count == 3 })
        #expect(journal.entries == ["void 1", "always 1", "always 2", "quiet"])
        #expect(client.takeSent() == ["430[2]", "432[3]", "434[2]"])
    }

    @Test func aOnceHandlerMayAddItselfAgain() {
        let client = join { [journal] socket in
            @Sendable func wait() {
                socket.once("a") {
                    journal.add("a")
                    wait()
                }
            }
            wait()
        }
        client.receive("42[\"a\"]", "42[\"a\"]")
        #expect(journal.entries == ["a", "a"])
    }

    @Test func offRemovesOneListener() {
        let client = join { [journal] socket in
            let first = socket.on("a") { journal.add("first") }
            socket.on("a") { journal.add("second") }
            let any = socket.onAny { _, _ in journal.add("any") }
            socket.on("remove") {
                socket.off(first)
                socket.off(any)
            }
        }
        client.receive("42[\"a\"]", "42[\"remove\"]", "42[\"a\"]")
        #expect(journal.entries == ["any", "first", "second", "any", "second"])
    }

    @Test func listenersForEveryEventCanStandFirst() {
        let client = join { [journal] socket in
            socket.onAny { event, _ in journal.add("1 \(event)") }
            socket.prependAny { event, arguments in journal.add("0 \(event) \(arguments.count)") }
            socket.on("off") { socket.offAny() }
        }
        client.receive("42[\"a\",7]", "42[\"off\"]", "42[\"b\"]")
        #expect(journal.entries == ["0 a 1", "1 a", "0 off 0", "1 off"])
    }

    @Test func outgoingEventsAreSeen() {
        let client = join { [journal] socket in
            socket.join("r")
            let first = socket.onAnyOutgoing { event, arguments in
                journal.add("1 \(event) \(try arguments.decode(String.self))")
            }
            socket.prependAnyOutgoing { event, _ in journal.add("0 \(event)") }
            socket.on("work") { (number: Int) -> Int in number }
            socket.on("off") { socket.off(first) }
            socket.on("offAll") { socket.offAnyOutgoing() }
        }
        fixture.loop.turn {
            io.emit("all", "x")
            io.to("r").emit("room", "y")
        }
        client.receive("420[\"work\",1]", "42[\"off\"]")
        fixture.loop.turn { io.emit("all", "z") }
        client.receive("42[\"offAll\"]")
        fixture.loop.turn { io.emit("all", "unseen") }
        #expect(journal.entries == ["0 all", "1 all x", "0 room", "1 room y", "0 all"])
    }

    @Test func outgoingBinaryEventsAreSeen() {
        let journal = Journal<ByteBuffer>()
        let client = join { socket in
            socket.onAnyOutgoing { _, arguments in
                journal.add(try arguments.decode(ByteBuffer.self, at: 1))
                journal.add(try arguments.decode(ByteBuffer.self, at: 0))
            }
        }
        fixture.loop.turn { io.emit("b", ByteBuffer(bytes: [1, 2]), ByteBuffer(bytes: [3])) }
        #expect(journal.entries == [ByteBuffer(bytes: [3]), ByteBuffer(bytes: [1, 2])])
        #expect(client.takeSent().count == 3)
    }

    @Test func middlewaresSeeEventsInOrderAndDropThem() {
        let client = join { [journal] socket in
            socket.use { event, _ in journal.add("1 \(event)") }
                .use { event, arguments in
                    journal.add("2 \(event)")
                    if try arguments.decode(Int.self) < 0 { throw Refused() }
                }
            socket.onError { error in journal.add("error \(error is Refused)") }
            socket.on("a") { (number: Int) -> Int in number }
        }
        client.receive("420[\"a\",1]", "421[\"a\",-1]")
        #expect(client.takeSent() == ["430[1]"])
        #expect(journal.entries == ["1 a", "2 a", "1 a", "2 a", "error true"])
        #expect(fixture.log.entries.contains { $0.hasPrefix("debug a middleware dropped an event") })
    }

    @Test func errorsOfHandlersAreReported() {
        let client = join { [journal] socket in
            let listener = socket.onError { error in journal.add("\(type(of: error))") }
            socket.on("fail") { throw Refused() }
            socket.on("number") { (_: Int) in }
            socket.on("stop") { socket.off(listener) }
        }
        client.receive("42[\"fail\"]", "42[\"number\",\"x\"]", "42[\"stop\"]", "42[\"fail\"]")
        #expect(journal.entries == ["Refused", "ArgumentError"])
    }

    @Test func asynchronousMiddlewaresKeepTheOrder() async throws {
        let gate = Gate()
        let client = join { [journal] socket in
            socket.use { (event: String, _: SocketArguments) async throws in
                if event == "slow" { await gate.wait() }
                if event == "bad" { throw Refused() }
            }
            socket.use { event, _ in journal.add("passed \(event)") }
            for event in ["slow", "fast", "bad", "last"] { socket.on(event) { journal.add(event) } }
        }
        client.receive("42[\"slow\"]", "42[\"fast\"]", "42[\"bad\"]", "42[\"last\"]")
        #expect(journal.entries == [])
        gate.open()
        try await fixture.loop.wait(until: { journal.entries.last == "last" })
        #expect(journal.entries == ["passed slow", "slow", "passed fast", "fast", "passed last", "last"])
        client.receive("42[\"fast\"]")
        try await fixture.loop.wait(until: { journal.entries.last == "fast" })
    }

    @Test(arguments: [(3, false), (4, true)])
    func eventsBehindAMiddlewareAreBounded(count: Int, isClosed: Bool) async throws {
        let fixture = Fixture(.init(maxHeldEvents: 3))
        let gate = Gate()
        fixture.io.onConnection { socket in
            socket.use { (_: String, _: SocketArguments) async in await gate.wait() }
        }
        let client = fixture.join()
        client.receive("42[\"decided\"]")
        for _ in 0..<count { client.receive("42[\"held\"]") }
        #expect(client.isClosed == isClosed)
        gate.open()
        try await fixture.wait { await fixture.io.close() }
    }

    @Test func eventsAreDroppedWhenTheSocketEndsInAMiddleware() async throws {
        let gate = Gate()
        let client = join { [journal] socket in
            socket.use { (_: String, _: SocketArguments) async in await gate.wait() }
            socket.on("a") { journal.add("a") }
            socket.onDisconnect { _ in journal.add("end") }
        }
        client.receive("42[\"a\"]", "42[\"a\"]", "41")
        gate.open()
        try await fixture.wait { [io] in await io.close() }
        #expect(journal.entries == ["end"])
    }

    @Test func theEndIsAnnouncedBeforeRoomsAreLeft() {
        let witness = fixture.join()
        let client = join { [journal] socket in
            socket.join("r")
            socket.onDisconnecting { reason, description in
                journal.add("\(reason.rawValue) \(description ?? "-") \(socket.rooms.count) \(socket.isConnected)")
                socket.to("r").emit("left", socket.rooms.contains("r"))
                socket.emit("unsent")
                socket.disconnect()
            }
            socket.onDisconnecting { (_: DisconnectReason) in journal.add("again") }
            socket.onDisconnect { _ in journal.add("\(socket.rooms.count) \(socket.isConnected)") }
        }
        let other = fixture.join()
        client.receive("41")
        #expect(journal.entries == ["client namespace disconnect - 2 true", "again", "0 false"])
        #expect(other.takeSent() == ["42[\"left\",true]"])
        #expect(client.takeSent() == [])
        #expect(witness.takeSent() == [])
    }

    @Test func theEndMayBeHandledAsynchronously() async throws {
        let client = join { [journal] socket in
            let removed = socket.onDisconnect { _ in journal.add("removed") }
            socket.onDisconnect { (reason: DisconnectReason) async in
                await Task.yield()
                journal.add(reason.rawValue)
            }
            socket.off(removed)
        }
        client.receive(.closed)
        try await fixture.loop.wait(until: { !journal.entries.isEmpty })
        #expect(journal.entries == ["transport close"])
    }

    @Test func violationsAreDescribed() {
        let client = join { [journal] socket in
            socket.onDisconnect { reason, description in journal.add("\(reason.rawValue): \(description ?? "")") }
        }
        client.receive("4x")
        #expect(journal.entries == ["forced close: packet(SocketIO.PacketError.unknownType)"])
    }

    @Test func upgradesAreSeen() {
        let client = join { [journal] socket in
            socket.onUpgrade { journal.add("\($0) \(socket.connection.transport)") }
        }
        client.receive("40/a,")
        client.change(to: .polling)
        #expect(journal.entries == ["polling polling"])
    }
}
