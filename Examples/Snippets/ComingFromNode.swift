// The snippets of the article "Coming from Node"; ArchitectureTests compares them.
import EngineIOTransport
import SocketIO

private func program() async throws {
    let io = SocketIOServer()
    io.onConnection { socket in
        socket.on("say") { (room: String, text: String) in socket.to(room).emit("said", text) }
        socket.on("sum") { (a: Int, b: Int) in a + b }
    }
    try await EngineHTTPServer(EngineServer(io), port: 3000).run()
}
