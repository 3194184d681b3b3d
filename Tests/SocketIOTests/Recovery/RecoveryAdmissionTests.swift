import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Who is recovered, who is asked by middlewares, and how what was missed is repeated.
@Suite struct RecoveryAdmissionTests {
    private typealias Client = RecoveryTests.Client

    /// What a client says that it got last.
    enum Offset: String, CaseIterable {
        /// None, because it has got none.
        case none
        case good
        /// The log does not go back so far.
        case old
        /// Of another log.
        case foreign
        case future
        case nonsense
        /// From before the client came.
        case beforeItCame
        /// Of a volatile event.
        case volatile

        var isRecoverable: Bool {
            switch self {
            case .none, .good, .volatile: true
            case .old, .foreign, .future, .nonsense, .beforeItCame: false
            }
        }
    }

    /// How the client is known.
    enum Ticket: String, CaseIterable {
        case own
        case nobodys
        /// The server has not noticed that the connection is gone.
        case live
    }

    /// Only a client that really goes on where it was passes without middlewares.
    @Test(arguments: Offset.allCases, Ticket.allCases)
    func middlewaresAreSkippedForNobodyElse(offset: Offset, ticket: Ticket) throws {
        for (skips, refuses) in [(true, true), (true, false), (false, true), (false, false)] {
            try admit(offset, ticket, skips: skips, refuses: refuses)
        }
    }

    private func admit(_ offset: Offset, _ ticket: Ticket, skips: Bool, refuses: Bool) throws {
        let fixture = Fixture(RecoveryTests.configuration(.init(skipMiddlewares: skips, maxPackets: 4)))
        let journal = Journal<String>()
        fixture.loop.turn { fixture.io.emit("early", 0) }
        let first = try Client(fixture)
        if offset != .none { fixture.loop.turn { fixture.io.emit("n", 1) } }
        if offset == .volatile { fixture.loop.turn { fixture.io.volatile.emit("v", 2) } }
        try first.read()
        let prefix = first.offset.map { String($0.prefix(7)) } ?? ""
        switch offset {
        case .none, .good, .volatile: break
        case .old: for number in 2...6 { fixture.loop.turn { fixture.io.emit("n", number) } }
        case .foreign: first.offset = "abcdef.1"
        case .future: first.offset = prefix + "zzz"
        case .nonsense: first.offset = prefix + "-"
        case .beforeItCame: first.offset = prefix + "-0"
        }
        if ticket == .nobodys { first.session?.pid = "01234567890123456789" }
        if ticket != .live { first.connection.receive(.closed) }
        fixture.io.use { socket in
            journal.add("asked, recovered \(socket.isRecovered)")
            if refuses { throw ConnectionRefused("no") }
        }
        fixture.loop.turn { fixture.io.emit("missed", 9) }
        let second = try Client(fixture, first)
        let isRecovered = offset.isRecoverable && ticket != .nobodys
        let isAsked = !isRecovered || !skips
        let isAccepted = !isAsked || !refuses
        let row: Comment = "offset \(offset), ticket \(ticket), skips \(skips), refuses \(refuses)"
        #expect(journal.entries == (isAsked ? ["asked, recovered \(isRecovered)"] : []), row)
        #expect(second.isRecovered == (isRecovered && isAccepted), row)
        #expect(second.take() == (isRecovered && isAccepted ? ["missed 9"] : []), row)
        if isAccepted, !isRecovered { #expect(second.session?.sid != first.session?.sid, row) }
    }

    /// What was missed is sent as far as the client keeps up, then the answer to CONNECT, then what came meanwhile.
    @Test(arguments: [1, 2, 7])
    func repeatsAsFastAsTheClientReads(messagesAtOnce: Int) throws {
        let fixture = Fixture(RecoveryTests.configuration())
        let text = String(repeating: "x", count: 70_000)
        let first = try Client(fixture)
        first.connection.receive(.closed)
        for number in 1...5 { fixture.loop.turn { fixture.io.emit("n", text, number) } }
        let session = try #require(first.session)
        let connection = fixture.connect()
        connection.messagesUntilFull = messagesAtOnce
        connection.receive(.text("40{\"pid\":\"\(session.pid)\"}"))
        var sent = connection.takeSent()
        #expect(sent.count == min(messagesAtOnce, 6))
        fixture.loop.turn { fixture.io.emit("n", text, 6) }
        for _ in 0..<10 {
            connection.becomeWritable()
            let more = connection.takeSent()
            #expect(more.count <= messagesAtOnce + 1)
            sent += more
        }
        #expect(sent.count == 7)
        let numbers = sent.map { sent in
            sent.description.hasPrefix("40") ? "joined" : String(sent.description.split(separator: ",")[2])
        }
        #expect(numbers.filter { $0 != "joined" } == ["1", "2", "3", "4", "5", "6"])
        #expect(numbers.contains("joined"))
        fixture.loop.turn { fixture.io.emit("after") }
        #expect(connection.takeSent().count == 1)
        #expect(!connection.isClosed)
    }

    /// A client that is slower than what is sent to all loses its connection, and begins anew the next time.
    @Test func whoIsTooSlowToCatchUpBeginsAnew() throws {
        let fixture = Fixture(RecoveryTests.configuration(.init(maxPackets: 3)))
        let text = String(repeating: "x", count: 70_000)
        let first = try Client(fixture)
        first.connection.receive(.closed)
        for number in 1...3 { fixture.loop.turn { fixture.io.emit("n", text, number) } }
        let session = try #require(first.session)
        let connection = fixture.connect()
        connection.messagesUntilFull = 1
        connection.receive(.text("40{\"pid\":\"\(session.pid)\"}"))
        for number in 4...6 { fixture.loop.turn { fixture.io.emit("n", text, number) } }
        connection.becomeWritable()
        #expect(connection.isClosed)
        let again = try Client(fixture, first)
        #expect(!again.isRecovered && again.session?.pid != session.pid)
    }

    /// One that leaves, or loses its connection, before it has got everything may come back.
    @Test func comingBackWhileWhatWasMissedIsRepeated() throws {
        let fixture = Fixture(RecoveryTests.configuration())
        let text = String(repeating: "x", count: 70_000)
        let first = try Client(fixture)
        first.connection.receive(.closed)
        for number in 1...3 { fixture.loop.turn { fixture.io.emit("n", text, number) } }
        let session = try #require(first.session)
        let connection = fixture.connect()
        connection.messagesUntilFull = 1
        connection.receive(.text("40{\"pid\":\"\(session.pid)\"}"), .closed)
        #expect(connection.takeSent().count == 2)
        let again = try Client(fixture, first)
        #expect(again.isRecovered)
        #expect(again.take().map { $0.suffix(1) } == ["1", "2", "3"])
        // Nothing is left of the attempt.
        connection.becomeWritable()
        #expect(connection.takeSent() == [])
    }

    /// The official client takes a last argument that is a string for the offset, of whatever event.
    @Test(arguments: [true, false])
    func volatileEventsDoNotMislead(isToAll: Bool) throws {
        let fixture = Fixture(RecoveryTests.configuration())
        let sockets = Journal<Socket>()
        fixture.io.onConnection { sockets.add($0) }
        let first = try Client(fixture)
        fixture.loop.turn { fixture.io.emit("n", 1) }
        fixture.loop.turn {
            if isToAll {
                fixture.io.volatile.emit("v", "text")
            } else {
                sockets.entries[0].volatile.emit("v", "text")
            }
        }
        try first.read()
        #expect(first.take() == ["n 1", "v text"])
        first.connection.receive(.closed)
        fixture.loop.turn {
            fixture.io.volatile.emit("v", "lost")
            fixture.io.emit("n", 2)
        }
        let second = try Client(fixture, first)
        #expect(second.isRecovered && second.take() == ["n 2"])
    }

    /// From another thread too, volatile events keep their place among the others.
    @Test func volatileEventsKeepTheirPlace() throws {
        let fixture = Fixture(RecoveryTests.configuration())
        let client = try Client(fixture)
        fixture.io.emit("n", 1)
        fixture.io.volatile.emit("n", 2)
        fixture.io.emit("n", 3)
        fixture.loop.onLoop { fixture.io.volatile.emit("n", 4) }
        fixture.loop.turn()
        try client.read()
        #expect(client.take() == ["n 1", "n 2", "n 3", "n 4"])
    }
}
