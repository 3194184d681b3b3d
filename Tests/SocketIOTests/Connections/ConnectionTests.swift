import EngineIO
import Locking
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Joining namespaces, being refused, held events, the end.
@Suite struct ConnectionTests {
    private struct Failure: Error {}

    private let fixture = Fixture()
    private var io: SocketIOServer { fixture.io }

    @Test func middlewaresRunInOrderAndRefuse() async throws {
        let journal = Journal<String>()
        struct Token: Codable { var token: String }
        io.of("/a").use { _ in journal.add("1") }
            .use { _ async throws in
                await Task.yield()
                journal.add("2")
            }
            .use { socket in
                journal.add("3")
                let token = try? socket.handshake.auth.decode(Token.self).token
                guard token == "secret" else { throw ConnectionRefused("Not authorized", data: ["code": 7]) }
                socket.join("members")
            }
        io.of("/a").onConnection { socket in journal.add("connected \(socket.rooms.count)") }
        let client = fixture.connect()
        client.receive("40/a,{\"token\":\"wrong\"}")
        try await fixture.loop.wait(until: { !client.sent.isEmpty })
        #expect(client.takeSent() == ["44/a,{\"message\":\"Not authorized\",\"data\":{\"code\":7}}"])
        client.receive("40/a,{\"token\":\"secret\"}")
        try await fixture.loop.wait(until: { !client.sent.isEmpty })
        #expect(journal.entries == ["1", "2", "3", "1", "2", "3", "connected 2"])
    }

    @Test func otherErrorsOfMiddlewaresAreHidden() {
        io.use { _ in throw Failure() }
        let client = fixture.connect()
        client.receive("40")
        #expect(client.takeSent() == ["44{\"message\":\"Connection refused\"}"])
        #expect(fixture.log.entries.contains { $0.hasPrefix("error a middleware failed") })
        // Refused is not joined: the time-out still applies.
        fixture.loop.advance(by: .seconds(45))
        #expect(client.takeSent() == [.closed])
    }

    @Test func eventsAreHeldUntilTheConnectionHandlerReturns() async throws {
        let gate = Gate()
        let journal = Journal<String>()
        io.onConnection { socket in
            let answer: Int = try await socket.emitWithAck("ready?")
            await gate.wait()
            socket.on("a") { (number: Int) in journal.add("\(answer) \(number)") }
        }
        let client = fixture.join()
        client.receive("42[\"a\",1]", "430[5]", "42[\"a\",2]")
        try await fixture.loop.wait(until: { gate.isWaiting })
        #expect(journal.entries == [])
        gate.open()
        try await fixture.loop.wait(until: { journal.entries.count == 2 })
        client.receive("42[\"a\",3]")
        #expect(journal.entries == ["5 1", "5 2", "5 3"])
    }

    @Test func heldEventsAreBounded() async throws {
        let fixture = Fixture(.init(maxHeldEvents: 3))
        let gate = Gate()
        fixture.io.onConnection { _ in await gate.wait() }
        let client = fixture.join()
        for _ in 0..<3 { client.receive("42[\"a\"]") }
        #expect(!client.isClosed)
        client.receive("42[\"a\"]")
        #expect(client.isClosed)
        gate.open()
        try await fixture.wait { await fixture.io.close() }
    }

    @Test func heldBytesAreBounded() async throws {
        let fixture = Fixture(.init(maxHeldBytes: 10))
        let gate = Gate()
        fixture.io.onConnection { _ in await gate.wait() }
        let client = fixture.join()
        client.receive("42[\"a\",234]", "42[\"a\"]")
        #expect(!client.isClosed)
        client.receive("42[\"a\"]")
        #expect(client.isClosed)
        gate.open()
        try await fixture.wait { await fixture.io.close() }
    }

    @Test(arguments: [
        (EngineCloseReason.transportError, "transport error"), (.transportClose, "transport close"),
        (.goingAway, "going away"), (.forcedClose, "forced close"), (.pingTimeout, "ping timeout"),
        (.parseError, "parse error"),
        (.payloadTooLarge, "payload too large"), (.bufferOverflow, "send buffer overflow"),
        (.sendTimeout, "send timeout"), (.rateLimited, "rate limit exceeded"),
    ])
    func transportsEndWithTheirReason(engine: EngineCloseReason, reason: String) {
        let journal = Journal<String>()
        io.onConnection { socket in
            socket.join("r")
            socket.onDisconnect { journal.add("\($0.rawValue) \(socket.isConnected) \(socket.rooms.count)") }
        }
        let client = fixture.join()
        fixture.loop.turn { client.end(engine) }
        #expect(journal.entries == ["\(reason) false 0"])
    }

    @Test(arguments: [
        ("4x", "forced close"), ("40", "forced server close"), ("42/no,[\"a\"]", "forced server close"),
    ])
    func protocolViolationsEndWithTheirReason(packet: String, reason: String) {
        let journal = Journal<String>()
        io.onConnection { socket in socket.onDisconnect { journal.add($0.rawValue) } }
        let client = fixture.join()
        client.receive(.text(packet))
        #expect(journal.entries == [reason])
        #expect(client.takeSent() == [.closed])
    }

    @Test func serverDisconnectsOneNamespace() {
        let journal = Journal<String>()
        io.of("/a").onConnection { socket in
            socket.onDisconnect { journal.add($0.rawValue) }
            socket.on("bye") {
                socket.disconnect()
                socket.emit("unsent")
                socket.join("r")
            }
        }
        io.onConnection { socket in socket.on("ping") { "pong" } }
        let client = fixture.join()
        client.receive("40/a,")
        _ = client.takeSent()
        client.receive("42/a,[\"bye\"]", "42/a,[\"late\"]", "421[\"ping\"]")
        #expect(client.takeSent() == ["41/a,", "431[\"pong\"]"])
        #expect(journal.entries == ["server namespace disconnect"])
        client.receive("40/a,", "41/a,")
        #expect(journal.entries.last == "client namespace disconnect")
    }

    @Test func serverDisconnectsAndCloses() {
        let journal = Journal<String>()
        for name in ["/", "/a"] {
            io.of(name).onConnection { socket in
                socket.onDisconnect { journal.add("\(name) \($0.rawValue)") }
                socket.on("bye") { socket.disconnect(close: true) }
            }
        }
        let client = fixture.join()
        client.receive("40/a,")
        _ = client.takeSent()
        client.receive("42/a,[\"bye\"]")
        #expect(client.takeSent() == ["41", "41/a,", .closed])
        #expect(journal.entries == ["/ server namespace disconnect", "/a server namespace disconnect"])
    }

    @Test func lateDisconnectHandlersRunAtOnce() {
        let journal = Journal<String>()
        io.onConnection { socket in
            socket.disconnect()
            socket.onDisconnect { journal.add($0.rawValue) }
        }
        _ = fixture.join()
        #expect(journal.entries == ["server namespace disconnect"])
    }

    @Test func socketsAreFreed() {
        weak var socket: Socket?
        let journal = Journal<Socket>()
        do {
            let fixture = Fixture()
            fixture.io.onConnection { socket in
                socket.on("a") { socket.emit("b") }
                socket.onDisconnect { _ in _ = socket.id }
            }
            let client = fixture.join()
            fixture.loop.turn {
                fixture.io.broadcastOperator.forEachIndex { index, target in
                    index.forEach(in: target) { journal.add($0) }
                }
            }
            socket = journal.takeAll().first
            #expect(socket != nil)
            client.receive(.closed)
        }
        #expect(socket == nil)
    }

    @Test func closingTheServerEndsEverything() async throws {
        let journal = Journal<String>()
        let gate = Gate()
        io.onConnection { socket in
            socket.onDisconnect { journal.add($0.rawValue) }
            socket.on("work") { () async in
                await gate.wait()
                journal.add("cancelled \(Task.isCancelled)")
            }
        }
        let otherLoop = ManualLoop()
        let clients = [fixture.join(), fixture.join(on: otherLoop), fixture.connect()]
        clients[0].receive("42[\"work\"]")
        let isClosed = Journal<Bool>()
        let task = Task { [io] in
            await io.close()
            isClosed.add(true)
        }
        try await fixture.loop.wait(until: {
            otherLoop.turn()
            return journal.entries.first == "server shutting down"
        })
        #expect(isClosed.entries.isEmpty)
        gate.open()
        try await fixture.loop.wait(until: {
            otherLoop.turn()
            return !isClosed.entries.isEmpty
        })
        await task.value
        #expect(clients.map { $0.takeSent() } == [[.closed], [.closed], [.closed]])
        #expect(Set(journal.entries) == ["server shutting down", "cancelled true"])
        #expect(fixture.connect().isClosed)
    }

    @Test func protocol3JoinsByItself() {
        let journal = Journal<String>()
        io.onConnection { socket in
            journal.add(socket.id)
            socket.on("a") { 1 }
        }
        io.of("/n").use { socket in
            struct Query: Codable { var token: String? }
            guard try socket.handshake.auth.decode(Query.self).token == "x y" else {
                throw ConnectionRefused("no", data: "why")
            }
        }
        io.of("/n").onConnection { socket in journal.add(socket.id) }
        let client = fixture.connect(version: .v3)
        #expect(client.takeSent() == ["40"])
        client.receive("421[\"a\"]", "40/unknown", "40/n?token=bad", "40/n?token=x%20y,")
        #expect(client.takeSent() == ["431[1]", "44/unknown,\"Invalid namespace\"", "44/n,\"why\"", "40/n,"])
        #expect(journal.entries == [client.id, "/n#\(client.id)"])
        client.receive("40")
        #expect(client.isClosed)
    }

    @Test func emittingFromElsewhereKeepsTheOrder() {
        let sockets = Journal<Socket>()
        io.onConnection { sockets.add($0) }
        let client = fixture.join()
        sockets.entries[0].emit("a")
        sockets.entries[0].join("r")
        io.to("r").emit("b")
        sockets.entries[0].disconnect()
        sockets.entries[0].emit("c")
        #expect(client.takeSent() == [])
        fixture.loop.turn()
        #expect(client.takeSent() == ["42[\"a\"]", "42[\"b\"]", "41"])
    }

    @Test func unsendableEventsAreLogged() {
        struct Unencodable: Encodable {
            func encode(to encoder: any Encoder) throws { throw Failure() }
        }
        let client = fixture.join()
        fixture.loop.turn {
            io.emit("connect")
            io.emit("x", Unencodable())
        }
        #expect(client.takeSent() == [])
        #expect(fixture.log.entries.filter { $0.hasPrefix("error") }.count == 2)
    }
}

/// Holds a task up until the test lets it go on.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    var isWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
