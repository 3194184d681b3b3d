import EngineIO
import SocketIO
import Testing

/// What an application keeps with a socket, and what the socket knows of its handshake.
@Suite struct SocketDataTests {
    private struct User: Sendable, Equatable {
        var name: String
    }

    private struct Visits: Sendable {
        var count = 0
    }

    private let fixture = Fixture()
    private var io: SocketIOServer { fixture.io }

    @Test func middlewaresLeaveDataForHandlers() {
        io.use { socket in socket.data[User.self] = User(name: "Ada") }
        io.onConnection { socket in
            socket.on("visit") { () -> String in
                socket.data[Visits.self, default: Visits()].count += 1
                let visits = socket.data[Visits.self]?.count ?? 0
                return "\(socket.data[User.self]?.name ?? "nobody") \(visits)"
            }
            socket.on("forget") { socket.data[User.self] = nil }
        }
        let client = fixture.join()
        client.receive("420[\"visit\"]", "421[\"visit\"]", "422[\"forget\"]", "423[\"visit\"]")
        #expect(client.takeSent() == ["430[\"Ada 1\"]", "431[\"Ada 2\"]", "432[]", "433[\"nobody 3\"]"])
    }

    @Test func dataCanBeReachedFromElsewhere() async throws {
        let sockets = Journal<Socket>()
        io.onConnection { sockets.add($0) }
        _ = fixture.join()
        let socket = sockets.entries[0]
        let name = try await fixture.wait {
            await socket.withData { $0[User.self] = User(name: "Ada") }
            return await socket.withData { $0[User.self]?.name }
        }
        #expect(name == "Ada")
        #expect(SocketData().isEmpty)
        let found = try await fixture.wait { [io] in try await io.fetchSockets() }
        #expect(found.map { $0.data[User.self] } == [User(name: "Ada")])
        // A snapshot: what changes later does not show.
        try await fixture.wait { await socket.withData { $0[User.self] = nil } }
        #expect(found.map { $0.data[User.self] } == [User(name: "Ada")])
    }
}
