import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Clients that lose their connection and come back.
@Suite struct RecoveryTests {
    static func configuration(
        _ recovery: SocketIOServer.ConnectionStateRecovery = .init()
    ) -> SocketIOServer.Configuration {
        .init(connectionStateRecovery: recovery)
    }

    private let fixture = Fixture(configuration())

    /// What a client knows of its session.
    struct Session: Equatable {
        var sid: String
        var pid: String
    }

    /// A client of the main namespace that keeps its offset as the official one does.
    final class Client {
        let connection: TestConnection
        var session: Session?
        var offset: String?
        var isRecovered = false
        var events: [String] = []

        init(_ fixture: Fixture, on loop: ManualLoop? = nil, _ old: Client? = nil) throws {
            connection = fixture.connect(on: loop)
            session = old?.session
            offset = old?.offset
            var auth = ""
            if let session, let offset {
                auth = "{\"pid\":\"\(session.pid)\",\"offset\":\"\(offset)\"}"
            } else if let session {
                auth = "{\"pid\":\"\(session.pid)\"}"
            }
            connection.receive(.text("40" + auth))
            try read()
        }

        func emit(_ json: String) throws {
            connection.receive(.text("42" + json))
            try read()
        }

        /// Takes in what was sent.
        func read() throws {
            for case .text(let text) in connection.takeSent() {
                let payload = ByteBuffer(string: "[\(text.dropFirst(2))]")
                if text.hasPrefix("40") {
                    let members = try SocketArguments(json: payload).decode([String: String].self)
                    let new = Session(sid: members["sid"] ?? "", pid: members["pid"] ?? "")
                    isRecovered = session?.pid == new.pid
                    session = new
                } else if text.hasPrefix("42[") {
                    let elements = try SocketArguments(json: payload).decode([JSONValue].self)
                    let values = elements.compactMap { value -> String? in
                        switch value {
                        case .string(let text): text
                        case .int(let number): "\(number)"
                        default: nil
                        }
                    }
                    guard case .string(let last)? = elements.last, elements.count > 1 else { continue }
                    offset = last
                    events.append(values.dropLast().joined(separator: " "))
                }
            }
        }

        func take() -> [String] {
            defer { events = [] }
            return events
        }
    }

    /// The conversation of the official server's test (`connection-state-recovery.ts`).
    @Test func restoresSessionAndMissedPackets() throws {
        let journal = Journal<Socket>()
        fixture.io.onConnection { socket in
            socket.join("room1")
            journal.add(socket)
        }
        let connection = fixture.connect()
        connection.receive("40")
        guard case .text(let answer)? = connection.takeSent().first else { throw CancellationError() }
        let members = try SocketArguments(json: ByteBuffer(string: "[\(answer.dropFirst(2))]"))
            .decode([String: String].self)
        let (sid, pid) = (try #require(members["sid"]), try #require(members["pid"]))
        #expect(sid.count == 20 && pid.count == 20 && sid != pid)
        fixture.loop.turn { fixture.io.emit("hello") }
        guard case .text(let event)? = connection.takeSent().first else { throw CancellationError() }
        let elements = try SocketArguments(json: ByteBuffer(string: String(event.dropFirst(2))))
        #expect(elements.count == 2)
        let offset = try elements.decode(String.self, at: 1)
        connection.receive(.closed)
        fixture.loop.turn {
            fixture.io.emit("hello1")
            fixture.io.to("room1").emit("hello2", ByteBuffer(bytes: [7]))
            fixture.io.to("room2").emit("none")
            journal.entries[0].emit("hello3", 3)
        }
        let again = fixture.connect()
        again.receive(.text("40{\"pid\":\"\(pid)\",\"offset\":\"\(offset)\"}"))
        let sent = again.takeSent()
        #expect(sent.count == 5)
        #expect("\(sent[0])".hasPrefix("42[\"hello1\",\""))
        #expect("\(sent[1])".hasPrefix("451-[\"hello2\",{\"_placeholder\":true,\"num\":0},\""))
        #expect(sent[2] == .binary([7]))
        #expect("\(sent[3])".hasPrefix("42[\"hello3\",3,\""))
        #expect(sent[4] == .text("40{\"sid\":\"\(sid)\",\"pid\":\"\(pid)\"}"))
        // What the application still has of the old socket reaches the client where it is now.
        fixture.loop.turn { journal.entries[0].emit("hello4") }
        #expect("\(again.takeSent())".contains("42[\"hello4\",\""))
    }

    @Test func restoresRooms() throws {
        let journal = Journal<String>()
        fixture.io.onConnection { socket in
            journal.add("\(socket.isRecovered) \(socket.rooms.subtracting([socket.id]).sorted())")
            if socket.isRecovered {
                journal.add(socket.data[String.self] ?? "nothing")
            } else {
                socket.data[String.self] = "kept"
                socket.join("a")
                socket.join("b")
            }
        }
        let first = try Client(fixture)
        first.connection.receive(.closed)
        fixture.loop.turn { fixture.io.to("b").emit("x", 1) }
        let second = try Client(fixture, first)
        #expect(second.isRecovered && second.session == first.session)
        #expect(second.take() == ["x 1"])
        #expect(journal.entries == ["false []", "true [\"a\", \"b\"]", "kept"])
        fixture.loop.turn { fixture.io.to("a").emit("y", 2) }
        try second.read()
        #expect(second.take() == ["y 2"])
    }

    @Test func worksAgainAndAgain() throws {
        var client = try Client(fixture)
        let session = client.session
        var number = 0
        for round in 0..<5 {
            fixture.loop.turn { fixture.io.emit("n", number) }
            number += 1
            if round % 2 == 0 { try client.read() }
            client.connection.receive(.closed)
            fixture.loop.turn { fixture.io.emit("n", number) }
            number += 1
            client.events = []
            client = try Client(fixture, client)
            #expect(client.isRecovered && client.session == session)
            // Lost in flight is what was not read.
            #expect(client.take() == (round % 2 == 0 ? ["n \(number - 1)"] : ["n \(number - 2)", "n \(number - 1)"]))
        }
    }

    @Test func aClientThatGotNothingComesBackToo() throws {
        fixture.io.emit("before")
        let first = try Client(fixture)
        first.connection.receive(.closed)
        fixture.loop.turn { fixture.io.emit("n", 1) }
        let second = try Client(fixture, first)
        #expect(second.isRecovered)
        // This repetition is lost in flight.
        let third = try Client(fixture, first)
        #expect(third.isRecovered && third.take() == ["n 1"])
    }

    @Test func middlewaresAreSkippedUnlessAskedFor() throws {
        for skips in [true, false] {
            let fixture = Fixture(Self.configuration(.init(skipMiddlewares: skips)))
            let journal = Journal<String>()
            let first = try Client(fixture)
            first.connection.receive(.closed)
            fixture.loop.turn { fixture.io.emit("n", 1) }
            fixture.io.use { socket in journal.add("recovered \(socket.isRecovered)") }
            let second = try Client(fixture, first)
            #expect(second.isRecovered && second.take() == ["n 1"])
            #expect(journal.entries == (skips ? [] : ["recovered true"]))
        }
    }

    @Test func refusedClientsMayTryAgain() throws {
        let fixture = Fixture(Self.configuration(.init(skipMiddlewares: false)))
        let refuses = Journal<Bool>()
        let first = try Client(fixture)
        first.connection.receive(.closed)
        fixture.io.use { _ in if !refuses.entries.isEmpty { throw ConnectionRefused("no") } }
        fixture.loop.turn { fixture.io.emit("n", 1) }
        refuses.add(true)
        let second = try Client(fixture, first)
        #expect(!second.isRecovered && second.take() == [], "nothing is repeated before the middlewares agree")
        _ = refuses.takeAll()
        let third = try Client(fixture, first)
        #expect(third.isRecovered && third.take() == ["n 1"])
    }

    @Test(arguments: ["41", "41 by the server", "parse error", "buffer overflow"])
    func theseEndsAreFinal(how: String) throws {
        fixture.io.onConnection { socket in socket.on("leave") { socket.disconnect() } }
        let first = try Client(fixture)
        switch how {
        case "41": first.connection.receive("41")
        case "41 by the server": try first.emit("[\"leave\"]")
        case "buffer overflow": fixture.loop.turn { first.connection.end(.bufferOverflow) }
        default: fixture.loop.turn { first.connection.end(.parseError) }
        }
        let second = try Client(fixture, first)
        #expect(!second.isRecovered && second.session?.sid != first.session?.sid)
    }

    @Test func sessionsExpire() throws {
        let first = try Client(fixture)
        first.connection.receive(.closed)
        fixture.loop.advance(by: .seconds(120))
        let second = try Client(fixture, first)
        #expect(second.isRecovered)
        second.connection.receive(.closed)
        fixture.loop.advance(by: .seconds(120) + .nanoseconds(1))
        let third = try Client(fixture, second)
        #expect(!third.isRecovered && third.session?.pid != first.session?.pid)
    }

    @Test func whoMissedTooMuchBeginsAnew() throws {
        let fixture = Fixture(Self.configuration(.init(maxPackets: 3)))
        let first = try Client(fixture)
        fixture.loop.turn { fixture.io.emit("n", 0) }
        try first.read()
        first.connection.receive(.closed)
        for number in 1...2 { fixture.loop.turn { fixture.io.emit("n", number) } }
        let second = try Client(fixture, first)
        #expect(second.isRecovered && second.take() == ["n 1", "n 2"])
        second.offset = first.offset
        second.connection.receive(.closed)
        fixture.loop.turn { fixture.io.emit("n", 3) }
        let third = try Client(fixture, second)
        #expect(!third.isRecovered && third.take() == [])
        #expect(third.session?.pid != first.session?.pid)
    }

    @Test(arguments: [
        "{\"pid\":\"foo\",\"offset\":\"bar\"}", "{\"pid\":1,\"offset\":2}", "{\"pid\":[]}", "{\"offset\":\"x\"}",
        "{\"pid\":\"01234567890123456789\",\"offset\":\"bar\"}", "{\"pid\":\"PID\",\"offset\":1}",
        "{\"pid\":\"PID\",\"offset\":\"bar\"}", "{\"pid\":\"PID\",\"offset\":\"bar.zzzzzzzzzzzzzzzzzzzzzz\"}",
        "{\"pid\":\"PID\",\"offset\":\"012345678901234567890123456789012\"}",
    ])
    func nonsenseBeginsAnew(auth: String) throws {
        let first = try Client(fixture)
        let session = try #require(first.session)
        first.connection.receive(.closed)
        let connection = fixture.connect()
        connection.receive(.text("40" + auth.replacing("PID", with: session.pid)))
        guard case .text(let answer)? = connection.takeSent().first else { throw CancellationError() }
        #expect(answer.hasPrefix("40{\"sid\":\"") && !answer.contains(session.pid))
    }

    @Test func eventsHaveOffsetsUnlessTheyAskForAnswers() throws {
        fixture.io.onConnection { socket in
            socket.on("go") {
                socket.emit("plain", 1)
                socket.emit("plain", raw: SocketArguments())
                socket.compress(false).emit("plain", 2)
                socket.broadcast.emit("nobody")
                socket.volatile.emit("volatile", 3)
                socket.emit("asking", 4) { _ in }
                socket.namespace.volatile.emit("volatile", 5)
            }
        }
        let connection = fixture.join()
        connection.receive("421[\"go\"]")
        let shapes = connection.takeSent().map { sent in
            sent.description.replacing(/,?"[A-Za-z0-9_-]{6}\.-?[0-9a-z]+"/, with: "+")
        }
        #expect(
            shapes == [
                "42[\"plain\",1+]", "42[\"plain\"+]", "42[\"plain\",2+]", "42[\"volatile\",3+]", "420[\"asking\",4]",
                "42[\"volatile\",5+]",
            ]
        )
    }

    @Test func isOffByDefault() throws {
        let fixture = Fixture()
        let connection = fixture.connect()
        connection.receive("40{\"pid\":\"01234567890123456789\",\"offset\":\"bar\"}")
        fixture.loop.turn { fixture.io.emit("x") }
        let sent = connection.takeSent()
        #expect(sent.count == 2 && sent.last == "42[\"x\"]")
        #expect(!"\(sent[0])".contains("pid"))
    }

    @Test func theLastWordBeforeTheEndIsSent() throws {
        fixture.io.onConnection { socket in
            socket.on("bye") {
                socket.emit("bye", 1)
                socket.join("r")
                socket.namespace.to("r").emit("r", 2)
                socket.leave("r")
                socket.disconnect()
            }
        }
        let client = try Client(fixture)
        try client.emit("[\"bye\"]")
        #expect(client.take() == ["bye 1", "r 2"])
    }

    @Test func theOrderOfACallIsKeptAmongOthers() throws {
        let client = try Client(fixture)
        let io = fixture.io
        // From outside the loop, while the loop sends too.
        io.emit("n", 1)
        io.socketsJoin("r")
        io.to("r").emit("n", 2)
        io.socketsLeave("r")
        io.to("r").emit("n", 3)
        fixture.loop.onLoop { io.emit("n", 4) }
        fixture.loop.turn()
        try client.read()
        #expect(client.take() == ["n 1", "n 2", "n 4"])
    }

    @Test(arguments: [true, false])
    func takesOverWhatIsNotYetLost(isOnAnotherLoop: Bool) throws {
        let reasons = Journal<String>()
        fixture.io.onConnection { socket in
            socket.onDisconnect { reasons.add($0.rawValue) }
            if !socket.isRecovered { socket.join("r") }
        }
        let other = ManualLoop()
        let first = try Client(fixture)
        fixture.loop.turn { fixture.io.to("r").emit("n", 1) }
        // The first connection is dead, but the server does not know.
        let second = try Client(fixture, on: isOnAnotherLoop ? other : nil, first)
        if isOnAnotherLoop {
            #expect(!second.isRecovered)
            fixture.loop.turn()
            other.turn()
            try second.read()
        }
        #expect(second.isRecovered && second.session == first.session)
        #expect(second.take() == ["n 1"])
        #expect(first.connection.isClosed)
        #expect(reasons.entries == ["transport close"])
        fixture.loop.turn { fixture.io.to("r").emit("n", 2) }
        other.turn()
        try second.read()
        #expect(second.take() == ["n 2"])
    }

    /// Two loops send, and clients on both lose what is in flight at any moment: each number comes once and in order.
    @Test(arguments: 0..<20)
    func nothingIsLostDoubledOrMixedUp(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let loops = [fixture.loop, ManualLoop()]
        let io = fixture.io
        io.onConnection { if !$0.isRecovered { $0.join("r") } }
        var clients = try (0..<4).map { try Client(fixture, on: loops[$0 % 2]) }
        var number = 0
        var sent: [String] = []
        for _ in 0..<300 {
            let loop = loops[Int.random(in: 0...1, using: &generator)]
            let index = Int.random(in: clients.indices, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                number += 1
                sent.append("n \(number)")
                loop.onLoop { number % 2 == 0 ? io.emit("n", number) : io.to("r", "q").emit("n", number) }
            case 4:
                number += 1
                sent.append("n \(number)")
                io.emit("n", number)
            case 5, 6: loop.turn()
            case 7: try clients[index].read()
            default:
                let old = clients[index]
                let seen = old.events
                // What was sent and not read is lost; sometimes the server notices before the client is back.
                if Bool.random(using: &generator) {
                    old.connection.manualLoop.onLoop { old.connection.end(.pingTimeout) }
                }
                let new = try Client(fixture, on: loops[Int.random(in: 0...1, using: &generator)], old)
                for _ in 0..<3 { for loop in loops { loop.turn() } }
                try new.read()
                #expect(new.session == old.session)
                new.events = seen + new.events
                clients[index] = new
            }
        }
        for _ in 0..<3 { for loop in loops { loop.turn() } }
        for client in clients {
            try client.read()
            #expect(client.events == sent)
        }
    }
}
