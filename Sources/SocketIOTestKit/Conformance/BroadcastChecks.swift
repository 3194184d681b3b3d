import NIOCore
import SocketIO

extension AdapterConformance {
    private typealias Event = TestClient.Event

    static func broadcastReachesEverybody(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        let nested: JSONValue = ["list": [1, 2.5, nil, true], "text": "ü\u{1F600}\"\\\n", "empty": [:]]
        cluster.servers[0].emit("values", 1, -2.5, "text", true, nested, [Int](), Int?.none)
        cluster.servers[0].emit("binary", ByteBuffer(bytes: [0, 1, 255]), nested, ByteBuffer())
        cluster.servers[0].emit("bare")
        try await cluster.settle()
        let expected = [
            Event("values", 1, -2.5, "text", true, nested, [], nil),
            Event("binary", .binary(ByteBuffer(bytes: [0, 1, 255])), nested, .binary(ByteBuffer())),
            Event("bare"),
        ]
        try cluster.expectEvents(clients, clients.map { _ in expected }, "events")
    }

    static func orderIsKept(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        for client in clients {
            cluster.servers[0].of("/").to(client.socketID).socketsJoin("all")
        }
        for number in 0..<200 {
            switch number % 3 {
            case 0: cluster.servers[0].emit("n", number)
            case 1: cluster.servers[0].to("all").emit("n", number)
            default: cluster.servers[0].to("all", "none").except("nobody").emit("n", number)
            }
        }
        try await cluster.settle()
        let expected = (0..<200).map { Event("n", .int($0)) }
        try cluster.expectEvents(clients, clients.map { _ in expected }, "events")
    }

    static func roomsSelect(_ cluster: TestCluster) async throws {
        let sender = cluster.servers[0]
        for server in cluster.servers {
            server.onConnection { socket in
                socket.on("join") { (room: String) in socket.join(room) }
                socket.on("say") { (room: String) in socket.to(room).emit("said") }
                socket.on("shout") { socket.broadcast.emit("shouted") }
            }
        }
        let clients = try await cluster.connect(6)
        for index in [1, 2, 3] { try clients[index].emit("join", "a") }
        for index in [3, 4] { try clients[index].emit("join", "b") }
        sender.to("a").emit("a")
        sender.to("a").to("b").emit("ab")
        sender.to("a").except("b").emit("a-b")
        sender.except("a").emit("-a")
        sender.to("nobody").emit("none")
        sender.to(clients[5].socketID).emit("one")
        try await cluster.settle()
        func events(_ names: String...) -> [Event] { names.map { Event($0) } }
        try cluster.expectEvents(
            clients,
            [
                events("-a"), events("a", "ab", "a-b"), events("a", "ab", "a-b"), events("a", "ab"),
                events("ab", "-a"), events("-a", "one"),
            ],
            "events of rooms"
        )
        try clients[1].emit("say", "a")
        try clients[1].emit("shout")
        try await cluster.settle(1 % cluster.servers.count)
        try cluster.expectEvents(
            clients,
            [
                events("shouted"), [], events("said", "shouted"), events("said", "shouted"), events("shouted"),
                events("shouted"),
            ],
            "events of a client"
        )
    }

    static func namespacesAreSeparate(_ cluster: TestCluster) async throws {
        for server in cluster.servers { _ = server.of("/chat") }
        let main = try await cluster.connect(3)
        let chat = try await cluster.connect(3, to: "/chat")
        cluster.servers[0].emit("main")
        cluster.servers[0].of("/chat").emit("chat")
        try await cluster.settle()
        try await cluster.settle(0, "/chat")
        try cluster.expectEvents(main, main.map { _ in [Event("main")] }, "events of the main namespace")
        try cluster.expectEvents(chat, chat.map { _ in [Event("chat")] }, "events of another namespace")
    }

    static func localStaysLocal(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        let sender = cluster.servers[0]
        sender.local.emit("local")
        sender.local.to("x").emit("nobody")
        sender.local.socketsJoin("here")
        sender.to("here").emit("here")
        try await cluster.settle()
        let isHere = clients.indices.map { $0 % cluster.servers.count == 0 }
        try cluster.expectEvents(clients, isHere.map { $0 ? [Event("local"), Event("here")] : [] }, "events")
        let sockets = try await cluster.perform { try await sender.local.fetchSockets() }
        try cluster.expect(sockets.count, isHere.filter(\.self).count, "the number of local sockets")
        let answers: [String] = try await cluster.perform {
            try await sender.local.to("nobody").emitWithAck("question")
        }
        try cluster.expect(answers, [], "answers of nobody")
    }

    static func acknowledgementsAreGathered(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        for (index, client) in clients.enumerated() { client.answer = { _ in [.int(index)] } }
        for server in cluster.servers {
            let answers: [Int] = try await cluster.perform {
                try await server.timeout(.seconds(10)).emitWithAck("question", "?")
            }
            try cluster.expect(answers.sorted(), Array(clients.indices), "answers")
        }
        try cluster.expectEvents(
            clients,
            clients.map { _ in cluster.servers.map { _ in Event("question", "?") } },
            "questions"
        )
        let sender = cluster.servers[0]
        // Also without a time-out, with binary answers, and with nobody to answer.
        clients[1].answer = { _ in [["deep": [1]]] }
        let room = clients[1].socketID
        let deep: [JSONValue] = try await cluster.perform { try await sender.to(room).emitWithAck("question") }
        try cluster.expect(deep, [["deep": [1]]], "the answer of one")
        let none: [String] = try await cluster.perform { try await sender.to("nobody").emitWithAck("question") }
        try cluster.expect(none, [], "answers of nobody")
    }

    static func slowAcknowledgementsAreReported(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(6)
        for (index, client) in clients.enumerated() where index != 1 { client.answer = { _ in [.int(index)] } }
        let sender = cluster.servers[0]
        // The others answer at once, but a busy machine may take its time.
        do {
            let answers: [Int] = try await cluster.perform {
                try await sender.timeout(.seconds(2)).emitWithAck("question")
            }
            throw cluster.failure("answers \(answers) without the slow client's instead of an error")
        } catch let error as BroadcastTimeout {
            let answers: [Int] = try error.decodeAnswers()
            try cluster.expect(answers.sorted(), [0, 2, 3, 4, 5], "the answers that came in time")
        }
    }

    static func leavingEndsTheWait(_ cluster: TestCluster) async throws {
        let clients = try await cluster.connect(4)
        for client in clients.dropFirst(2) { client.answer = { _ in [1] } }
        let sender = cluster.servers[0]
        let question = Task<[Int], any Error> { try await sender.emitWithAck("question") }
        try await cluster.wait("the question arrives") { clients.allSatisfy { !$0.events.isEmpty } }
        clients[0].disconnect()
        clients[1].disconnect()
        let answers = try await cluster.perform { try await question.value }
        try cluster.expect(answers, [1, 1], "the answers of those that stayed")
    }
}
