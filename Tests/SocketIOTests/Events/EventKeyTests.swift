import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

extension Events {
    fileprivate static let say = Event<String, String>("say")
    fileprivate static let sum = Event<Int, Int, Int>("sum")
    fileprivate static let moved = Event<Int, Int, Void>("moved")
    fileprivate static let maybe = Event<Int?, Void>("maybe")
    fileprivate static let ping = Event<Void>("ping")
    fileprivate static let who = Event<String>("who")
    fileprivate static let reserved = Event<Void>("disconnect")
}

/// Events with a key are what they are with a name as a string.
@Suite struct EventKeyTests {
    private let fixture = Fixture()
    private let sockets = Journal<Socket>()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    init() {
        let sockets = sockets
        io.onConnection { socket in sockets.add(socket) }
    }

    private func addHandlers(to socket: Socket, asynchronously isAsynchronous: Bool) {
        if isAsynchronous {
            socket.on(.say) { [journal] text async in
                journal.add(text)
                return text + "!"
            }
            socket.on(.sum) { a, b async in a + b }
            socket.on(.moved) { [journal] x, y async in
                journal.add("\(x)")
                journal.add("\(y)")
            }
            socket.on(.maybe) { [journal] number async in journal.add("\(number ?? -1)") }
            socket.on(.ping) { [journal] () async in journal.add("ping") }
        } else {
            socket.on(.say) { [journal] text in
                journal.add(text)
                return text + "!"
            }
            socket.on(.sum) { a, b in a + b }
            socket.on(.moved) { [journal] x, y in
                journal.add("\(x)")
                journal.add("\(y)")
            }
            socket.on(.maybe) { [journal] number in journal.add("\(number ?? -1)") }
            socket.on(.ping) { [journal] in journal.add("ping") }
        }
    }

    @Test(arguments: [false, true])
    func handlersGetTheirTypes(isAsynchronous: Bool) {
        let client = fixture.join()
        fixture.loop.turn { addHandlers(to: sockets.entries[0], asynchronously: isAsynchronous) }
        client.receive("421[\"say\",\"a\"]", "422[\"sum\",1,2]", "423[\"moved\",3,4]")
        client.receive("42[\"maybe\"]", "42[\"ping\",9]")
        // Surplus arguments are ignored, missing ones are nil, and what has no acknowledgement gives none.
        #expect(client.takeSent() == ["431[\"a!\"]", "432[3]"])
        #expect(journal.takeAll() == ["a", "3", "4", "-1", "ping"])
        client.receive("424[\"sum\",1]", "425[\"sum\",1,\"2\"]", "42[\"moved\"]")
        #expect(client.takeSent() == [])
        #expect(journal.entries == [])
    }

    /// With a plain handler of the same name: in the order in which they were added.
    @Test func keysAndNamesAreTheSameEvent() {
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            socket.on("moved") { (x: Int) in journal.add("name \(x)") }
            socket.on(.moved) { x, _ in journal.add("key \(x)") }
            socket.on("moved") { (x: Int) in journal.add("name again \(x)") }
        }
        client.receive("42[\"moved\",1,2]")
        #expect(journal.takeAll() == ["name 1", "key 1", "name again 1"])
        fixture.loop.turn { socket.off(.moved) }
        client.receive("42[\"moved\",1,2]")
        #expect(journal.entries == [])
    }

    @Test func oneListenerCanBeRemoved() {
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn { [journal] in
            let listener = socket.on(.ping) { journal.add("removed") }
            socket.on(.ping) { journal.add("stays") }
            socket.off(listener)
        }
        client.receive("42[\"ping\"]")
        #expect(journal.entries == ["stays"])
    }

    @Test func keysAreSentLikeNames() {
        let client = fixture.join()
        let socket = sockets.entries[0]
        fixture.loop.turn {
            socket.join("r")
            socket.emit(.moved, 1, 2)
            socket.volatile.emit(.maybe, nil)
            io.emit(.ping)
            io.to("r").except("x").emit(.say, "a")
            socket.emit("moved", 1, 2)
            io.of("/").emit(.moved, 3, 4)
            socket.emit(.reserved)
        }
        #expect(
            client.takeSent() == [
                "42[\"moved\",1,2]", "42[\"maybe\",null]", "42[\"ping\"]", "42[\"say\",\"a\"]", "42[\"moved\",1,2]",
                "42[\"moved\",3,4]",
            ]
        )
        #expect(fixture.log.entries.filter { $0.hasPrefix("error") }.count == 1)
    }

    /// Starts `operation`, lets the client say something once it was sent something, and gives the result.
    private func ask<Answer: Sendable>(
        _ client: TestConnection,
        _ reply: TestConnection.Message,
        _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Result<Answer, any Error> {
        try await fixture.ask(client, { client.receive(reply) }, operation)
    }

    @Test func acknowledgementsHaveTheirTypes() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let io = io
        let one = try await ask(client, "430[3]") { try await socket.timeout(.seconds(5)).emitWithAck(.sum, 1, 2) }
        #expect(try one.get() == 3)
        #expect(client.takeSent() == ["420[\"sum\",1,2]"])
        let all = try await ask(client, "431[\"me\"]") { try await io.emitWithAck(.who) }
        #expect(try all.get() == ["me"])
    }

    @Test func acknowledgementsOfTheWrongTypeAreErrors() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let answer = try await ask(client, "430[\"three\"]") { try await socket.emitWithAck(.sum, 1, 2) }
        #expect(throws: ArgumentError.self) { try answer.get() }
    }

    @Test func acknowledgementsOfClientsThatLeaveAreErrors() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        let answer = try await ask(client, "41") { try await socket.emitWithAck(.sum, 1, 2) }
        #expect(throws: AcknowledgementError.self) { try answer.get() }
    }

    @Test func otherSocketsAndNamespacesTakeKeysToo() async throws {
        let client = fixture.join()
        let parent = io.of { name, _ in name == "/a" }
        client.receive("40/a,")
        _ = client.takeSent()
        let io = io
        let remote = try await fixture.wait { try await io.fetchSockets() }[0]
        fixture.loop.turn {
            remote.emit(.moved, 1, 2)
            parent.emit(.ping)
        }
        #expect(client.takeSent() == ["42[\"moved\",1,2]", "42/a,[\"ping\"]"])
        let answer = try await ask(client, "430[\"me\"]") {
            try await remote.emitWithAck(.who, timeout: .seconds(5))
        }
        #expect(try answer.get() == "me")
    }

    @Test func eventsWaitUntilTheClientKeepsUp() async throws {
        let client = fixture.join()
        let socket = sockets.entries[0]
        client.isWritable = false
        let executed = fixture.loop.executedCount
        let task = Task { try await socket.emitWhenWritable(.moved, 1, 2) }
        try await fixture.loop.wait(until: { fixture.loop.executedCount > executed })
        #expect(client.sent == [])
        client.becomeWritable()
        try await task.value
        #expect(client.takeSent() == ["42[\"moved\",1,2]"])
    }
}
