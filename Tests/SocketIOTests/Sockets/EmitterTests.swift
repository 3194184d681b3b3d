import EngineIO
import FoundationEssentials
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Flags of what is sent: volatile, compressible, and until when to wait for an acknowledgement.
@Suite struct EmitterTests {
    private let fixture = Fixture()
    private let sockets = Journal<Socket>()
    private var io: SocketIOServer { fixture.io }

    init() {
        let sockets = sockets
        io.onConnection { socket in sockets.add(socket) }
    }

    @Test func volatileEventsDoNotWait() {
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn {
            socket.volatile.emit("a", 1)
            client.isWritable = false
            socket.volatile.emit("a", 2)
            socket.emit("b")
            io.volatile.emit("c", 3)
            client.isWritable = true
            io.volatile.emit("c", 4)
            socket.volatile.send("d")
        }
        #expect(
            client.takeSent() == ["42[\"a\",1]", "42[\"b\"]", "42[\"c\",4]", "42[\"message\",\"d\"]"]
        )
    }

    @Test(arguments: [true, false])
    func volatileBinaryEventsAreWhole(isWritable: Bool) {
        let client = fixture.join()
        client.isWritable = isWritable
        let bytes = ByteBuffer(bytes: [1])
        fixture.loop.turn {
            sockets.entries[0].volatile.emit("a", bytes, bytes)
            io.volatile.emit("a", bytes)
        }
        #expect(client.takeSent().count == (isWritable ? 5 : 0))
    }

    @Test func broadcastsLeaveOutOnlyThoseThatDoNotTakeIt() {
        let clients = (0..<3).map { _ in fixture.join() }
        clients[1].isWritable = false
        fixture.loop.turn { sockets.entries[0].volatile.broadcast.emit("a") }
        #expect(clients.map { $0.takeSent().count } == [0, 0, 1])
        fixture.loop.turn { io.volatile.except("nobody").emit("a") }
        #expect(clients.map { $0.takeSent().count } == [1, 0, 1])
    }

    @Test func compressionCanBeForbidden() {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let bytes = ByteBuffer(bytes: [1])
        fixture.loop.turn {
            socket.emit("a")
            socket.compress(false).emit("a", bytes)
            io.compress(false).emit("a")
            io.compress(true).emit("a")
            socket.compress(false).compress(true).emit("a")
        }
        #expect(client.sentMessages.dropFirst().map(\.isCompressible) == [true, false, false, false, true, true])
    }

    @Test func flagsGoAlongIntoBroadcasts() {
        let clients = (0..<2).map { _ in fixture.join() }
        let socket = sockets.entries[0]
        fixture.loop.turn {
            sockets.entries[1].join("r")
            socket.compress(false).to("r").emit("a")
            clients[1].isWritable = false
            socket.volatile.in("r").emit("b")
            socket.volatile.except(["x"]).emit("b")
            socket.in(["r"]).emit("c", raw: SocketArguments())
        }
        #expect(clients[0].takeSent() == [])
        #expect(clients[1].takeSent() == ["42[\"a\"]", "42[\"c\"]"])
        #expect(clients[1].sentMessages.suffix(2).map(\.isCompressible) == [false, true])
    }

    /// A way to set an option, and what it sets.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let one: @Sendable (SocketOperator) -> SocketOperator
        let many: @Sendable (BroadcastOperator) -> BroadcastOperator
        let options: EmitOptions

        static let all: [Self] = [
            Self(testDescription: "none", one: { $0 }, many: { $0 }, options: EmitOptions()),
            Self(
                testDescription: "volatile",
                one: { $0.volatile },
                many: { $0.volatile },
                options: EmitOptions(isVolatile: true)
            ),
            Self(
                testDescription: "compress",
                one: { $0.compress(true).compress(false) },
                many: { $0.compress(true).compress(false) },
                options: EmitOptions(isCompressible: false)
            ),
            Self(
                testDescription: "timeout",
                one: { $0.timeout(.seconds(2)).timeout(.seconds(1)) },
                many: { $0.timeout(.seconds(2)).timeout(.seconds(1)) },
                options: EmitOptions(timeout: .seconds(1))
            ),
            Self(
                testDescription: "all at once",
                one: { $0.with { $0 = EmitOptions(isVolatile: true, isCompressible: false, timeout: .zero) } },
                many: { $0.volatile.timeout(.zero).compress(false) },
                options: EmitOptions(isVolatile: true, isCompressible: false, timeout: .zero)
            ),
        ]
    }

    /// One client, many, and those of other nodes get the same options by the same calls.
    @Test(arguments: Change.all)
    func optionsAreTheSameForOneAndForMany(change: Change) throws {
        _ = fixture.join()
        let socket = sockets.entries[0]
        #expect(change.one(socket.socketOperator).options == change.options)
        #expect(change.many(io.broadcastOperator).options == change.options)
        #expect(change.many(io.to("a").except("b").local).options == change.options)
        #expect(change.one(socket.socketOperator).to("a").options == change.options)
        guard case .broadcast(_, let selection, let sent) = change.many(socket.to("a")).message("e", SocketArguments())
        else { throw Unexpected() }
        #expect(sent == change.options)
        #expect(selection == BroadcastSelection(rooms: ["a"], except: [socket.id]))
        #expect(try JSONDecoder().decode(EmitOptions.self, from: JSONEncoder().encode(sent)) == change.options)
    }

    private struct Unexpected: Error {}

    @Test(arguments: EngineCloseReason.allCases)
    func reasonsAreCalledAsBelow(reason: EngineCloseReason) {
        #expect(DisconnectReason(reason).rawValue == reason.rawValue)
    }

    @Test func sendIsAMessageEvent() {
        let client = fixture.join()
        fixture.loop.turn {
            sockets.entries[0].send("a", 1)
            io.send("b")
            io.of("/").send()
        }
        #expect(client.takeSent() == ["42[\"message\",\"a\",1]", "42[\"message\",\"b\"]", "42[\"message\"]"])
    }

    @Test func volatileQuestionsAreAnsweredAtOnce() {
        let client = fixture.join()
        client.isWritable = false
        let journal = Journal<String>()
        fixture.loop.turn {
            sockets.entries[0].volatile.timeout(.seconds(1)).emit("q") { result in
                if case .failure(.notSent) = result { journal.add("not sent") }
            }
        }
        #expect(journal.entries == ["not sent"])
        #expect(fixture.loop.timerCount == 0)
    }

    @Test(arguments: [(2, 0), (3, 1)])
    func pendingAcknowledgementsAreBounded(count: Int, refused: Int) {
        let fixture = Fixture(.init(maxPendingAcknowledgements: 2))
        let sockets = Journal<Socket>()
        fixture.io.onConnection { socket in sockets.add(socket) }
        let client = fixture.join()
        let journal = Journal<String>()
        fixture.loop.turn {
            for _ in 0..<count {
                sockets.entries[0].emit("q") { result in
                    if case .failure(.tooManyPending) = result { journal.add("too many") }
                }
            }
        }
        #expect(journal.entries.count == refused)
        #expect(client.takeSent().count == count - refused)
        client.receive("430[]")
        fixture.loop.turn { sockets.entries[0].emit("q") { _ in } }
        #expect(client.takeSent().count == (refused == 1 || count == 2 ? 1 : 0))
    }

    @Test func broadcastsGiveTheirAnswersToACallback() {
        let clients = (0..<2).map { _ in fixture.join() }
        let journal = Journal<String>()
        let record: @Sendable (Result<[SocketArguments], BroadcastTimeout>) -> Void = { result in
            switch result {
            case .success(let answers): journal.add("all \(answers.count)")
            case .failure(let timeout): journal.add("some \(timeout.answers.count)")
            }
        }
        fixture.loop.turn { io.timeout(.seconds(1)).emit("q", 1, acknowledgement: record) }
        for client in clients { client.receive("430[1]") }
        fixture.loop.turn { io.timeout(.seconds(1)).emit("q", acknowledgement: record) }
        clients[0].receive("431[1]")
        fixture.loop.advance(by: .seconds(1))
        #expect(journal.entries == ["all 2", "some 1"])
    }
}
