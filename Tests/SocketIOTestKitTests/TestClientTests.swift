import EngineIO
import Locking
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

@Suite struct TestClientTests {
    private let loop = ManualLoop()

    @Test(arguments: ["/", "/chat"])
    func eventsAndAnswersGoBothWays(namespace: String) async throws {
        let io = SocketIOServer()
        io.of(namespace).onConnection { socket in
            socket.on("echo") { (value: JSONValue) in value }
            socket.on("later") { (number: Int) async in number + 1 }
            socket.on("ask") {
                let answer: JSONValue = try await socket.emitWithAck("question", ByteBuffer(bytes: [7]))
                socket.emit("answered", answer)
            }
        }
        let client = TestClient(of: io, on: loop, namespace: namespace)
        #expect(!client.socketID.isEmpty)
        let value: JSONValue = [
            "text": "ü\u{1F600}", "bytes": .binary(ByteBuffer(bytes: [1, 2])), "list": [1, 2.5, nil],
        ]
        #expect(try await client.request("echo", value) == [value])
        #expect(try await client.request("later", 1) == [2])
        client.answer = { $0.name == "question" ? [.array($0.arguments)] : nil }
        try client.emit("ask")
        try await loop.wait { client.events.count == 2 }
        let question = JSONValue.binary(ByteBuffer(bytes: [7]))
        #expect(client.takeEvents() == [.init("question", question), .init("answered", [question])])
        await #expect(throws: ManualLoop.NeverHappened.self) {
            try await client.request("nobody answers this", patience: .milliseconds(1))
        }
    }

    @Test func refusalsSayWhy() {
        let io = SocketIOServer()
        io.use { _ in throw ConnectionRefused("no", data: ["code": 7]) }
        let client = TestClient(of: io, on: loop)
        #expect(client.socketID.isEmpty)
        #expect(client.refusal == ["message": "no", "data": ["code": 7]])
        #expect(TestClient(of: io, on: loop, namespace: "/unknown").refusal == ["message": "Invalid namespace"])
    }

    @Test func leavingJoiningAndLosing() throws {
        let io = SocketIOServer()
        let reasons = Mutex<[DisconnectReason]>([])
        io.onConnection { socket in
            socket.onDisconnect { reason in reasons.withLock { $0.append(reason) } }
            socket.on("go") { socket.disconnect() }
        }
        let client = TestClient(of: io, on: loop)
        let first = client.socketID
        client.leave()
        #expect(client.isDisconnected)
        client.join()
        #expect(!client.isDisconnected)
        #expect(client.socketID != first)
        try client.emit("go")
        #expect(client.isDisconnected)
        client.join()
        client.disconnect()
        #expect(client.connection.isClosed)
        let expected: [DisconnectReason] = [.clientNamespaceDisconnect, .serverNamespaceDisconnect, .transportClose]
        #expect(reasons.withLock { $0 } == expected)
    }

    @Test func sessionsGoOn() throws {
        let io = SocketIOServer(configuration: .init(connectionStateRecovery: .init()))
        let client = TestClient(of: io, on: loop)
        loop.turn { io.emit("one", "x") }
        #expect(client.takeEvents() == [.init("one", "x")])
        client.disconnect()
        loop.turn { io.emit("two") }
        let again = TestClient(recovering: client, of: io, over: TestConnection(on: loop, id: "another"))
        #expect(again.socketID == client.socketID)
        #expect(again.recoveryID == client.recoveryID)
        #expect(again.takeEvents() == [.init("two")])
    }
}
