// The snippets of the article "Testing handlers"; ArchitectureTests compares them.
import SocketIO
import SocketIOTestKit

private func useClients(io: SocketIOServer) async throws {
    let loop = ManualLoop()
    let sender = TestClient(of: io, on: loop)
    let reader = TestClient(of: io, on: loop, auth: ["name": "Ada"])
    try sender.emit("say", "hello")
    precondition(reader.takeEvents() == [TestClient.Event("said", "hello")])

    let sum = try await sender.request("sum", 1, 2)
    precondition(sum == [3])
    try sender.emit("save", "draft")
    try await loop.wait { sender.events.contains(TestClient.Event("saved")) }

    try sender.emit("remind me in an hour")
    loop.advance(by: .seconds(3600))
    precondition(sender.takeEvents().contains(TestClient.Event("reminder")))
}
