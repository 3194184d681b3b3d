import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Rooms and broadcasts, on one loop and on two.
@Suite struct BroadcastTests {
    private let fixture = Fixture()
    private var io: SocketIOServer { fixture.io }

    init() {
        io.onConnection { socket in
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("leave") { (room: String) in socket.leave(room) }
            socket.on("say") { (room: String, text: String) in socket.to(room).emit("said", text) }
            socket.on("union") { socket.to("a").to("b").except("c").emit("u") }
            socket.on("everybody") { socket.broadcast.emit("e") }
            socket.on("others") { socket.except("a").emit("o") }
            socket.on("id") { socket.id }
            socket.on("rooms") { socket.rooms.subtracting([socket.id]).sorted() }
        }
    }

    /// The id that the server gave the client in the main namespace.
    private func id(of client: TestConnection) throws -> String {
        client.receive("429[\"id\"]")
        guard case .text(let text)? = client.takeSent().last else { throw CancellationError() }
        return String(text.dropFirst(5).dropLast(2))
    }

    @Test func reachesTheRoomButNotTheSender() {
        let clients = (0..<4).map { _ in fixture.join() }
        for client in clients.prefix(3) { client.receive("42[\"join\",\"r\"]") }
        clients[0].receive("42[\"say\",\"r\",\"hi\"]")
        #expect(clients.map { $0.takeSent() } == [[], ["42[\"said\",\"hi\"]"], ["42[\"said\",\"hi\"]"], []])
        clients[1].receive("42[\"leave\",\"r\"]")
        clients[3].receive("42[\"say\",\"r\",\"2\"]")
        #expect(clients.map { $0.takeSent().count } == [1, 0, 1, 0])
        io.to("r").emit("all", 1)
        fixture.loop.turn()
        #expect(clients.map { $0.takeSent() } == [["42[\"all\",1]"], [], ["42[\"all\",1]"], []])
    }

    @Test func encodesOnce() {
        let clients = (0..<2).map { _ in fixture.join() }
        fixture.loop.turn { io.emit("x", "y") }
        let frames = clients.compactMap(\.sentMessages.last?.frame)
        let addresses = frames.map { $0.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(addresses.count == 2 && addresses[0] == addresses[1])
    }

    @Test func reachesOverlappingRoomsOnceAndLeavesOut() {
        let clients = (0..<5).map { _ in fixture.join() }
        clients[1].receive("42[\"join\",\"a\"]", "42[\"join\",\"b\"]")
        clients[2].receive("42[\"join\",\"b\"]")
        clients[3].receive("42[\"join\",\"a\"]", "42[\"join\",\"c\"]")
        clients[0].receive("42[\"union\"]")
        #expect(clients.map { $0.takeSent().count } == [0, 1, 1, 0, 0])
        clients[2].receive("42[\"everybody\"]")
        #expect(clients.map { $0.takeSent().count } == [1, 1, 0, 1, 1])
        clients[2].receive("42[\"others\"]")
        #expect(clients.map { $0.takeSent().count } == [1, 0, 0, 0, 1])
        fixture.loop.turn { io.to("nobody").emit("x") }
        #expect(clients.map { $0.takeSent().count } == [0, 0, 0, 0, 0])
    }

    @Test func everySocketIsInItsOwnRoom() throws {
        let clients = (0..<3).map { _ in fixture.join() }
        let target = try id(of: clients[1])
        clients[0].receive(.text("42[\"say\",\"\(target)\",\"private\"]"))
        #expect(clients.map { $0.takeSent() } == [[], ["42[\"said\",\"private\"]"], []])
        // A room may have the name of another's id.
        clients[2].receive(.text("42[\"join\",\"\(target)\"]"))
        clients[0].receive(.text("42[\"say\",\"\(target)\",\"both\"]"))
        #expect(clients.map { $0.takeSent().count } == [0, 1, 1])
        fixture.loop.turn { io.except(target).emit("rest") }
        #expect(clients.map { $0.takeSent().count } == [1, 0, 0])
    }

    @Test func roomsEmptyOnDisconnect() {
        let clients = (0..<3).map { _ in fixture.join() }
        for client in clients { client.receive("42[\"join\",\"r\"]", "42[\"join\",\"r\"]", "42[\"join\",\"s\"]") }
        clients[0].receive("41")
        clients[1].receive(.closed)
        fixture.loop.turn { io.to("r").emit("x") }
        #expect(clients.map { $0.takeSent() } == [[], [.closed], ["42[\"x\"]"]])
        clients[2].receive("421[\"rooms\"]")
        #expect(clients[2].takeSent() == ["431[[\"r\",\"s\"]]"])
    }

    @Test func manyJoinAndLeave() {
        var generator = SeededGenerator(state: 42)
        let clients = (0..<20).map { _ in fixture.join() }
        var model: [String: Set<Int>] = [:]
        for _ in 0..<2000 {
            let index = Int.random(in: clients.indices, using: &generator)
            let room = "r\(Int.random(in: 0..<5, using: &generator))"
            if Bool.random(using: &generator) {
                clients[index].receive(.text("42[\"join\",\"\(room)\"]"))
                model[room, default: []].insert(index)
            } else {
                clients[index].receive(.text("42[\"leave\",\"\(room)\"]"))
                model[room]?.remove(index)
            }
        }
        for (room, members) in model {
            fixture.loop.turn { io.to(room).emit("x") }
            let reached = clients.indices.filter { clients[$0].takeSent() == ["42[\"x\"]"] }
            #expect(Set(reached) == members)
        }
    }

    @Test func hopsOnceToAnotherLoop() {
        let otherLoop = ManualLoop()
        let here = (0..<2).map { _ in fixture.join() }
        let there = (0..<3).map { _ in fixture.join(on: otherLoop) }
        for client in here + there { client.receive("42[\"join\",\"r\"]") }
        here[0].receive("42[\"say\",\"r\",\"1\"]")
        #expect(here.map { $0.takeSent().count } == [0, 1])
        #expect(there.map { $0.takeSent().count } == [0, 0, 0])
        #expect(otherLoop.queuedCount == 1)
        here[1].receive("42[\"say\",\"r\",\"2\"]")
        otherLoop.turn()
        for client in there { #expect(client.takeSent() == ["42[\"said\",\"1\"]", "42[\"said\",\"2\"]"]) }
        #expect(here.map { $0.takeSent().count } == [1, 0])
        // A sender on the other loop is left out there only.
        there[0].receive("42[\"everybody\"]")
        fixture.loop.turn()
        #expect(there.map { $0.takeSent().count } == [0, 1, 1])
        #expect(here.map { $0.takeSent().count } == [1, 1])
    }

    @Test func namespacesAreSeparate() {
        io.of("chat").onConnection { socket in socket.join("r") }
        let both = fixture.join()
        both.receive("40/chat,", "42[\"join\",\"r\"]")
        _ = both.takeSent()
        fixture.loop.turn {
            io.of("/chat").to("r").emit("a", 1)
            io.to("r").emit("b")
        }
        #expect(both.takeSent() == ["42/chat,[\"a\",1]", "42[\"b\"]"])
        #expect(io.of("/chat") === io.of("chat"))
        #expect(io.of("/") === io.of(""))
    }

    @Test func socketsAreFetchedMovedAndDisconnected() async throws {
        let otherLoop = ManualLoop()
        let here = fixture.join()
        let there = fixture.join(on: otherLoop)
        there.receive("42[\"join\",\"r\"]")
        let expected = Set([try id(of: here), try id(of: there)])
        let sockets = try await fixture.wait(also: otherLoop) { [io] in try await io.fetchSockets() }
        #expect(Set(sockets.map(\.id)) == expected)
        #expect(sockets.contains { $0.rooms.contains("r") })
        io.in("r").socketsJoin("s", "t")
        io.in("s").socketsLeave("r")
        io.in("r").emit("gone")
        io.in("t").emit("there")
        io.in("t").disconnectSockets()
        io.disconnectSockets(close: true)
        otherLoop.turn()
        fixture.loop.turn()
        #expect(there.takeSent() == ["42[\"there\"]", "41"])
        #expect(here.takeSent() == ["41", .closed])
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
