import EngineIO
import Locking
import SocketIO

extension AdapterConformance {
    private typealias Event = TestClient.Event

    static func socketsAreFetched(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6, auth: ["token": [1, "x"]])
        for server in cluster.servers { server.local.socketsJoin("everywhere") }
        for client in clients { client.connection.manualLoop.turn() }
        for server in cluster.servers {
            let sockets = try await cluster.perform { try await server.fetchSockets() }
            try cluster.expect(sockets.map(\.id).sorted(), clients.map(\.socketID).sorted(), "the ids")
            for socket in sockets {
                try cluster.expect(socket.rooms, [socket.id, "everywhere"], "the rooms")
                let auth = try socket.handshake.auth.decode(JSONValue.self)
                try cluster.expect(auth, ["token": [1, "x"]], "what the client sent to join")
                let handshake = socket.handshake
                try cluster.expect(handshake.address, "192.0.2.1", "the address")
                try cluster.expect(handshake.isSecure, true, "whether the connection is secure")
                try cluster.expect(handshake.request.queryValue("room"), "1", "the query")
                try cluster.expect(handshake.request.header("user-agent"), "SocketIOTestKit", "the header")
            }
        }
        let room = clients[1].socketID
        let one = try await cluster.perform { [sender = cluster.servers[0]] in
            try await sender.in(room).in("nobody").fetchSockets()
        }
        try cluster.expect(one.map(\.id), [room], "the socket of a room")
        let rest = try await cluster.perform { [sender = cluster.servers[0]] in
            try await sender.except(room).fetchSockets()
        }
        try cluster.expect(rest.count, 5, "the number of the others")
    }

    static func fetchedSocketsCanBeUsed(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(4)
        for (index, client) in clients.enumerated() { client.answer = { _ in [.int(index)] } }
        let sender = cluster.servers[0]
        let sockets = try await cluster.perform { try await sender.fetchSockets() }
        for (index, client) in clients.enumerated() {
            guard let socket = sockets.first(where: { $0.id == client.socketID }) else {
                throw cluster.failure("the socket of client \(index) is missing")
            }
            socket.emit("hello", index)
            socket.join("r", "s")
            socket.leave("s")
            let answer: Int = try await cluster.perform {
                try await socket.emitWithAck("question", timeout: .seconds(10))
            }
            try cluster.expect(answer, index, "the answer of one socket")
            if index == 3 { socket.disconnect() }
        }
        sender.to("r").emit("r")
        sender.to("s").emit("s")
        try await cluster.wait("the disconnected client knows") { clients[3].isDisconnected }
        try await cluster.settle()
        let expected = clients.indices.map { index in
            [Event("hello", .int(index)), Event("question")] + (index == 3 ? [] : [Event("r")])
        }
        try cluster.expectEvents(clients, expected, "events")
    }

    static func socketsAreMovedAndDisconnected(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        let sender = cluster.servers[0]
        let room = clients[1].socketID
        sender.socketsJoin("a", "b")
        sender.in(room).socketsLeave("a")
        sender.to("a").emit("a")
        sender.to("b").emit("b")
        sender.in(room).socketsJoin("c")
        sender.except("a").disconnectSockets(close: true)
        sender.to("c").emit("late")
        try await cluster.wait("the client is disconnected") { clients[1].isDisconnected }
        try await cluster.settle()
        let expected = clients.indices.map { $0 == 1 ? [Event("b")] : [Event("a"), Event("b")] }
        try cluster.expectEvents(clients, expected, "events")
        try cluster.expect(clients.filter(\.isDisconnected).count, 1, "the number of disconnected clients")
    }

    static func serversTalk(_ cluster: TestCluster) async throws {
        let heard = Mutex<[String]>([])
        for (index, server) in cluster.servers.enumerated() {
            server.onServerSide("hello") { (number: Int, value: JSONValue) in
                heard.withLock { $0.append("\(index) \(number) \(value == ["x": [1]])") }
            }
        }
        for (index, server) in cluster.servers.enumerated() {
            server.serverSideEmit("hello", index, JSONValue.object(["x": [1]]))
            server.serverSideEmit("connection", index, JSONValue.null)
        }
        let count = cluster.servers.count
        let expected = (0..<count).flatMap { receiver in
            (0..<count).filter { $0 != receiver }.map { "\(receiver) \($0) true" }
        }
        try await cluster.wait("all servers have heard") { heard.withLock { $0.count >= expected.count } }
        // What is heard twice, or by the sender, would come before this.
        _ = try await cluster.connect(count)
        for sender in 0..<count { try await cluster.settle(sender) }
        try cluster.expect(heard.withLock { $0.sorted() }, expected.sorted(), "what servers heard")
    }

    static func serversAnswer(_ cluster: TestCluster) async throws {
        for (index, server) in cluster.servers.enumerated() {
            server.onServerSide("sum") { (one: Int, other: Int) in one + other + index * 100 }
        }
        for (index, server) in cluster.servers.enumerated() {
            let answers: [Int] = try await cluster.perform { try await server.serverSideEmitWithAck("sum", 1, 2) }
            let others = cluster.servers.indices.filter { $0 != index }
            try cluster.expect(answers.sorted(), others.map { $0 * 100 + 3 }, "answers")
        }
    }

    static func silentServersAreReported(_ cluster: TestCluster) async throws {
        guard cluster.servers.count > 1 else { return }
        // All but the second answer; nobody asks for nothing.
        for (index, server) in cluster.servers.enumerated() where index != 1 {
            server.onServerSide("who") { index }
        }
        let sender = cluster.servers[0]
        do {
            let answers: [Int] = try await cluster.perform { try await sender.serverSideEmitWithAck("who") }
            throw cluster.failure("answers \(answers) without the silent server's instead of an error")
        } catch let error as ServerSideTimeout {
            let answers: [Int] = try error.answers.map { try $0.decode() }
            try cluster.expect(answers.sorted(), cluster.servers.indices.filter { $0 > 1 }, "the answers that came")
            try cluster.expect(error.missingNodes.count, 1, "the number of silent servers")
        }
    }

    static func closedServersAreForgotten(_ cluster: TestCluster) async throws {
        guard cluster.servers.count > 1 else { return }
        let clients = try await cluster.connect(cluster.servers.count)
        let closing = cluster.servers[1]
        try await cluster.perform { await closing.close() }
        let rest = cluster.servers.indices.filter { $0 != 1 }
        try await cluster.waitForServerCount(rest.count, at: rest.map { cluster.servers[$0] })
        let sender = cluster.servers[0]
        let sockets = try await cluster.perform { try await sender.fetchSockets() }
        let expected = rest.map { clients[$0].socketID }
        try cluster.expect(sockets.map(\.id).sorted(), expected.sorted(), "the sockets that are left")
    }

    static func sessionsMove(_ cluster: TestCluster) async throws {
        let count = cluster.servers.count
        guard count > 1, cluster.servers.allSatisfy({ $0.configuration.connectionStateRecovery != nil }) else { return }
        for server in cluster.servers {
            server.onConnection { socket in
                if socket.isRecovered { return }
                socket.join("r")
                socket.data[String.self] = "kept"
            }
        }
        let clients = try await cluster.connect(2 * count)
        cluster.servers[0].to("r").emit("n", 1)
        try await cluster.settle()
        clients[0].disconnect()
        cluster.servers[1].to("r").emit("n", 2)
        cluster.servers[1].to("q").emit("n", 0)
        try await cluster.settle(1)
        // One whose server knows that it is gone, and one whose server does not.
        for (index, missed) in [(0, [Event("n", 2)]), (1, [])] {
            let old = clients[index]
            let client = try await cluster.reconnect(old, to: (index + 1) % count)
            try cluster.expect(client.socketID, old.socketID, "the id of a client that came back")
            try cluster.expect(client.recoveryID, old.recoveryID, "the session of a client that came back")
            try cluster.expect(old.isDisconnected, true, "whether the old connection is closed")
            try cluster.expect(client.takeRealEvents(), missed, "what a client missed")
            cluster.servers[0].to("r").except("q").emit("n", 3)
            try await cluster.settle()
            try cluster.expect(client.takeRealEvents(), [Event("n", 3)], "what comes after that")
            let sockets = try await cluster.perform { try await cluster.servers[0].in(old.socketID).fetchSockets() }
            try cluster.expect(sockets.map { $0.data[String.self] }, ["kept"], "what the application kept")
            // And back again, which is no different.
            client.disconnect()
            let again = try await cluster.reconnect(client, to: index)
            try cluster.expect(again.recoveryID, old.recoveryID, "the session of a client that came back twice")
        }
    }
}
