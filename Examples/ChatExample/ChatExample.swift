// A chat server with rooms. Run it with `swift run ChatExample`, or `swift run ChatExample 4000` for another port,
// and connect with any Socket.IO client: `io("http://localhost:3000")`.
import EngineIOTransport
import SocketIO

@main
enum ChatExample {
    static func main() async throws {
        let io = SocketIOServer()
        io.onConnection { socket in
            socket.on("join") { (room: String) in
                socket.join(room)
                socket.to(room).emit("joined", socket.id)
            }
            socket.on("say") { (room: String, text: String) in
                socket.to(room).emit("said", socket.id, text)
            }
            socket.on("sum") { (a: Int, b: Int) in a + b }  // The result is the acknowledgement.
            socket.onDisconnect { reason in print("left:", socket.id, reason.rawValue) }
        }
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        try await io.serve(port: port)
    }
}
