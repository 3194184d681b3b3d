import EngineIO
import EngineIOTransport
import SocketIO

@main
enum ChatExample {
    static func main() async throws {
        let io = SocketIOServer()
        io.onConnection { socket in
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("say") { (room: String, text: String) in
                socket.to(room).emit("said", text)
            }
            socket.on("sum") { (a: Int, b: Int) in a + b }  // The result is the acknowledgement.
            socket.onDisconnect { reason in print("left:", reason.rawValue) }
        }
        let engine = EngineServer(io, configuration: .init(path: "/socket.io/"))
        let server = try await EngineHTTPServer(engine, port: 3000)
        print("listening on", server.port)
        try await server.run()
    }
}
