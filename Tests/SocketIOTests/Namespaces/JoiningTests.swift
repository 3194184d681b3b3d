import EngineIO
import FoundationEssentials
import SocketIO
import SocketIOTestKit
import Testing

/// What a socket may do while middlewares decide about it, and what is left when they refuse it.
@Suite struct JoiningTests {
    private struct Refused: Error {}

    private let fixture = Fixture()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    @Test func socketsAreConnectedAfterTheMiddlewares() {
        io.use { [journal] socket in journal.add("\(socket.isConnected) \(socket.rooms.count)") }
        io.onConnection { [journal] socket in journal.add("\(socket.isConnected) \(socket.rooms.count)") }
        _ = fixture.join()
        #expect(journal.entries == ["false 0", "true 1"])
    }

    @Test func refusedSocketsAreInNoRoom() async throws {
        io.use { [journal] socket in
            socket.join("r")
            socket.onDisconnect { _ in journal.add("disconnect") }
            throw Refused()
        }
        let client = fixture.connect()
        client.receive("40")
        _ = client.takeSent()
        fixture.loop.turn {
            io.to("r").emit("a")
            io.emit("b")
        }
        #expect(client.takeSent() == [])
        let statistics = try await fixture.wait { [io] in await io.statistics() }
        #expect(statistics.sockets == [:])
        #expect(statistics.disconnects == [:])
        #expect(journal.entries == [])
    }

    @Test func clientsThatLeaveMeanwhileDoNotJoin() async throws {
        let gate = Gate()
        io.use { _ async in await gate.wait() }
        io.onConnection { [journal] _ in journal.add("connected") }
        let clients = (0..<2).map { _ in fixture.connect() }
        for client in clients { client.receive("40") }
        clients[0].receive(.closed)
        clients[1].receive("41")
        gate.open()
        try await fixture.wait { [io] in await io.close() }
        #expect(journal.entries == [])
        #expect(clients.map { $0.takeSent() } == [[.closed], [.closed]])
    }

    @Test func severalRoomsAreJoinedAtOnce() {
        io.use { socket in socket.join(["early", "late"]) }
        io.onConnection { socket in
            socket.join(["a", "b"])
            socket.leave("late")
            socket.on("rooms") { socket.rooms.subtracting([socket.id]).sorted() }
            socket.onDisconnect { [journal] _ in
                socket.join("late")
                journal.add("\(socket.rooms.count)")
            }
        }
        let client = fixture.join()
        client.receive("420[\"rooms\"]")
        #expect(client.takeSent() == ["430[[\"a\",\"b\",\"early\"]]"])
        client.receive("41")
        fixture.loop.turn { io.to("late").emit("a") }
        #expect(journal.entries == ["0"])
        #expect(client.takeSent() == [])
    }

    @Test func selectionsDoNotChangeEachOther() {
        let clients = (0..<2).map { _ in fixture.join() }
        let other = Journal<Socket>()
        io.onConnection { socket in
            socket.join("r")
            other.add(socket)
        }
        let member = fixture.join()
        let everybody = io.except("nobody")
        fixture.loop.turn {
            _ = everybody.except("r").volatile
            everybody.emit("a")
            let toRoom = io.to("r")
            _ = toRoom.to(other.entries[0].id).compress(false)
            toRoom.emit("b")
        }
        #expect(clients.map { $0.takeSent() } == [["42[\"a\"]"], ["42[\"a\"]"]])
        #expect(member.takeSent() == ["42[\"a\"]", "42[\"b\"]"])
    }

    @Test func theHandshakeIsKnown() {
        io.onConnection { [journal] socket in
            let handshake = socket.handshake
            journal.add("\(handshake.target) \(handshake.address) \(handshake.isSecure) \(handshake.isCrossDomain)")
            journal.add("\(handshake.query.map(\.name)) \(handshake.request.header("HOST") ?? "-")")
            journal.add("\(handshake.issued.timeIntervalSince1970)")
            journal.add("\(socket.connection.transport)")
        }
        _ = fixture.join()
        #expect(
            journal.entries == [
                "/socket.io/?EIO=4&transport=websocket 192.0.2.1 false false", "[\"EIO\", \"transport\"] localhost",
                "0.0",
                "webSocket",
            ]
        )
    }
}
