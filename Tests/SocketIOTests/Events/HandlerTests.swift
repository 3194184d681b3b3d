import EngineIO
import FoundationEssentials
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// How arguments reach handlers, and when handlers run.
@Suite struct HandlerTests {
    private struct Vote: Codable, Sendable, Equatable {
        var choice: Int
        var note: String?
    }

    private struct Failure: Error {}

    private let fixture = Fixture()
    private var io: SocketIOServer { fixture.io }

    @Test func typedHandlersAcknowledge() {
        io.onConnection { socket in
            socket.on("sum") { (a: Int, b: Int) in a + b }
            socket.on("void") { (_: String) in }
            socket.on("none") { "nothing" }
            socket.on("vote") { (vote: Vote) throws -> Vote in
                Vote(choice: vote.choice + 1, note: vote.note)
            }
            socket.on("several") { (text: String, flag: Bool, number: Double) -> String in
                let joined = "\(text) \(flag) \(number)"
                return joined
            }
        }
        let client = fixture.join()
        client.receive("420[\"sum\",2,3]", "421[\"void\",\"x\"]", "422[\"none\"]", "423[\"vote\",{\"choice\":1}]")
        client.receive("424[\"several\",\"a\\n\\u00e9\",true,1.5,\"surplus\"]", "42[\"sum\",1,1]")
        #expect(
            client.takeSent() == [
                "430[5]", "432[\"nothing\"]", "433[{\"choice\":2}]", "434[\"a\\né true 1.5\"]",
            ]
        )
    }

    /// How a handler may deal with an event that is to be acknowledged.
    enum Answering: String, CaseIterable, Sendable {
        case nothing
        case nothingLater
        case value
        case valueLater
        case acknowledge
        case looksAtAcknowledge

        func add(to socket: Socket) {
            switch self {
            case .nothing: socket.on("a") { (_: Int) in }
            case .nothingLater: socket.on("a") { (_: Int) async in await Task.yield() }
            case .value: socket.on("a") { (number: Int) -> Int in number }
            case .valueLater: socket.on("a") { (number: Int) async -> Int in number }
            case .acknowledge: socket.on("a", raw: { _, acknowledge in acknowledge?() })
            case .looksAtAcknowledge: socket.on("a", raw: { _, _ in })
            }
        }

        var answer: String? {
            switch self {
            case .nothing, .nothingLater, .looksAtAcknowledge: nil
            case .value, .valueLater: "431[1]"
            case .acknowledge: "431[]"
            }
        }
    }

    /// Only a handler that returns something or takes an acknowledgement answers, whoever else listens.
    @Test(arguments: Answering.allCases, Answering.allCases)
    func onlyThoseAnswerWhoHaveAnAnswer(first: Answering, second: Answering) async throws {
        io.onConnection { socket in
            first.add(to: socket)
            second.add(to: socket)
            socket.on("last") { "last" }
        }
        let client = fixture.join()
        client.receive("421[\"a\",1]")
        for _ in 0..<10 {
            fixture.loop.turn()
            await Task.yield()
        }
        client.receive("422[\"last\"]")
        let answers = [first.answer ?? second.answer, "432[\"last\"]"].compactMap {
            $0.map(TestConnection.Message.text)
        }
        #expect(client.takeSent() == answers)
    }

    @Test func synchronousHandlersRunAtOnce() {
        let journal = Journal<String>()
        io.onConnection { socket in
            socket.on("say") { (text: String) in journal.add(text) }
            socket.on("answer") { (number: Int) -> Int in number }
            socket.on("forward") { (text: String) in socket.emit("said", text) }
        }
        let client = fixture.join()
        fixture.loop.onLoop {
            client.receiveInTurn("42[\"say\",\"hello\"]")
            #expect(journal.entries == ["hello"])
            client.receiveInTurn("421[\"answer\",7]")
            client.receiveInTurn("42[\"forward\",\"on\"]")
            #expect(client.takeSent() == ["431[7]", "42[\"said\",\"on\"]"])
            #expect(fixture.loop.queuedCount == 0)
        }
    }

    @Test func asynchronousHandlersStartInOrder() async throws {
        let journal = Journal<String>()
        io.onConnection { socket in
            socket.on("slow") { (number: Int) async in
                journal.add("start \(number)")
                await Task.yield()
                journal.add("end \(number) \(socket.connection.loop.isCurrent)")
            }
            socket.on("fast") { (number: Int) in journal.add("fast \(number)") }
            socket.on("late") { (number: Int) async throws -> Int in
                await Task.yield()
                return number
            }
        }
        let client = fixture.join()
        fixture.loop.onLoop {
            client.receiveInTurn("42[\"slow\",1]")
            client.receiveInTurn("42[\"fast\",2]")
            client.receiveInTurn("42[\"slow\",3]")
            #expect(journal.entries.filter { !$0.hasPrefix("end") } == ["start 1", "fast 2", "start 3"])
            client.receiveInTurn("429[\"late\",4]")
        }
        try await fixture.loop.wait(until: { journal.entries.count == 5 && !client.sent.isEmpty })
        #expect(client.takeSent() == ["439[4]"])
        // They resumed on the loop.
        #expect(Set(journal.entries.suffix(2)) == ["end 1 true", "end 3 true"])
    }

    @Test func argumentsThatDoNotFitAreDropped() {
        io.onConnection { socket in
            socket.on("sum") { (a: Int, b: Int) in a + b }
            socket.on("optional") { (a: Int?, b: String?, c: Vote?) in
                "\(String(describing: a)) \(b ?? "-") \(c == nil)"
            }
        }
        let client = fixture.join()
        client.receive("421[\"sum\",1]", "422[\"sum\",1,\"2\"]", "423[\"sum\",1,2.5]", "424[\"sum\",1,null]")
        #expect(client.takeSent() == [])
        #expect(fixture.log.entries.count == 4)
        #expect(fixture.log.entries.allSatisfy { $0.hasPrefix("debug") && $0.contains("event=sum") })
        client.receive("425[\"optional\"]", "426[\"optional\",1,null,{\"choice\":1}]")
        #expect(client.takeSent() == ["435[\"nil - true\"]", "436[\"Optional(1) - false\"]"])
    }

    @Test func throwingHandlersAreLogged() async throws {
        io.onConnection { socket in
            socket.on("fail") { throw Failure() }
            socket.on("failLater") { () async throws in
                await Task.yield()
                throw Failure()
            }
            socket.on("ping") { "pong" }
        }
        let client = fixture.join()
        client.receive("421[\"fail\"]", "422[\"failLater\"]", "423[\"ping\"]")
        try await fixture.loop.wait(until: { fixture.log.entries.count == 2 })
        #expect(client.takeSent() == ["433[\"pong\"]"])
        for (entry, event) in zip(fixture.log.entries, ["fail", "failLater"]) {
            #expect(entry.hasPrefix("error an event handler failed"))
            #expect(entry.contains("event=\(event) ") && entry.contains("namespace=/ ") && entry.contains("socket="))
        }
    }

    @Test func binaryTravelsInsideCodableValues() {
        struct File: Codable, Sendable {
            var name: String
            var bytes: Data
        }
        io.onConnection { socket in
            socket.on("file") { (file: File, extra: ByteBuffer) in
                socket.emit("stored", file.name, File(name: file.name + "2", bytes: file.bytes), extra, Data([9]))
            }
        }
        let client = fixture.join()
        let file = "{\"bytes\":{\"num\":1,\"_placeholder\":true},\"name\":\"a/b\"}"
        let placeholder = "{\"_placeholder\":true,\"num\":0}"
        client.receive(.text("452-[\"file\",\(file),\(placeholder)]"), .binary([1]), .binary([2, 3]))
        let sent = client.takeSent()
        #expect(sent.dropFirst() == [.binary([2, 3]), .binary([1]), .binary([9])])
        guard case .text(let text) = sent.first else {
            Issue.record("no text")
            return
        }
        #expect(text.hasPrefix("453-[\"stored\",\"a/b\",{"))
        #expect(text.hasSuffix("},{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":2}]"))
        #expect(text.contains("\"name\":\"a/b2\""))
    }

    @Test func anyHandlersComeFirst() {
        let journal = Journal<String>()
        io.onConnection { socket in
            socket.on("a") { (number: Int) in journal.add("a \(number)") }
            socket.on("a", raw: { arguments, _ in journal.add("raw \(arguments.count)") })
            socket.onAny { event, arguments in journal.add("any \(event) \(arguments.count)") }
        }
        let client = fixture.join()
        client.receive("42[\"a\",1,2]", "42[\"b\"]", "42[7]")
        #expect(journal.entries == ["any a 2", "a 1", "raw 2", "any b 0", "any 7 0"])
    }

    @Test func onlyTheFirstAcknowledgementIsSent() {
        io.onConnection { socket in
            socket.on(
                "a",
                raw: { _, acknowledge in
                    acknowledge?(1)
                    acknowledge?(2)
                }
            )
            socket.on("a") { 3 }
        }
        let client = fixture.join()
        client.receive("420[\"a\"]")
        #expect(client.takeSent() == ["430[1]"])
    }

    @Test func acknowledgementsThatAreKeptStayApart() {
        let kept = Journal<Acknowledge>()
        io.onConnection { socket in
            socket.on("keep", raw: { _, acknowledge in acknowledge.map(kept.add) })
            socket.on("now", raw: { _, acknowledge in acknowledge?("now") })
        }
        let client = fixture.join()
        client.receive("420[\"keep\"]", "421[\"now\"]", "422[\"keep\"]", "423[\"now\"]", "424[\"now\"]")
        #expect(client.takeSent() == ["431[\"now\"]", "433[\"now\"]", "434[\"now\"]"])
        fixture.loop.turn {
            for acknowledge in kept.entries.reversed() + kept.entries { acknowledge("late") }
        }
        #expect(client.takeSent() == ["432[\"late\"]", "430[\"late\"]"])
    }

    @Test func offRemovesHandlers() {
        io.onConnection { socket in
            socket.on("a") { 1 }
            socket.on("b") { 2 }
            socket.off("a")
        }
        let client = fixture.join()
        client.receive("420[\"a\"]", "421[\"b\"]")
        #expect(client.takeSent() == ["431[2]"])
    }
}
