import EngineIO
import SocketIO
import SocketIOTestKit
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
        #expect(client.takeSent() == ["430[\"Ada 1\"]", "431[\"Ada 2\"]", "433[\"nobody 3\"]"])
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

    /// What is kept with the connection outlives the namespace, and is the same in all of them; another connection has
    /// its own.
    @Test func connectionDataOutlivesTheSocket() async throws {
        let sockets = Journal<Socket>()
        for name in ["/", "/a"] {
            io.of(name).onConnection { socket in
                sockets.add(socket)
                socket.on("visit") { () -> [Int] in
                    socket.data[Visits.self, default: Visits()].count += 1
                    socket.connectionData[Visits.self, default: Visits()].count += 1
                    return [socket.data[Visits.self]?.count ?? 0, socket.connectionData[Visits.self]?.count ?? 0]
                }
            }
        }
        let client = fixture.join()
        client.receive("420[\"visit\"]", "41", "40")
        _ = client.takeSent()
        client.receive("421[\"visit\"]", "40/a,")
        _ = client.takeSent()
        client.receive("42/a,2[\"visit\"]")
        #expect(client.takeSent() == ["43/a,2[[1,3]]"])
        let other = fixture.join()
        other.receive("420[\"visit\"]")
        #expect(other.takeSent() == ["430[[1,1]]"])
        let socket = sockets.entries[0]
        let count = try await fixture.wait { await socket.withConnectionData { $0[Visits.self]?.count } }
        #expect(count == 3)
    }
}
