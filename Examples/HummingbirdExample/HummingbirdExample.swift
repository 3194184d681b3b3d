// The chat mounted in a Hummingbird application, with routes beside it that look into rooms and speak in them. Run it
// with `swift run HummingbirdExample`, or with a port as argument; then
// `curl -d 'hello' http://localhost:3000/rooms/lobby` reaches everybody who joined `lobby`.
import EngineIOTransport
import Hummingbird
import SocketIO

@main
enum HummingbirdExample {
    static func main() async throws {
        let io = SocketIOServer()
        io.onConnection { socket in
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("say") { (room: String, text: String) in
                socket.to(room).emit("said", socket.id, text)
            }
        }

        let router = Router()
        router.get("/rooms/:room") { _, context in
            let room = try context.parameters.require("room")
            return try await "\(io.to(room).fetchSockets().count) here\n"
        }
        router.post("/rooms/:room") { request, context in
            let room = try context.parameters.require("room")
            let text = String(buffer: try await request.body.collect(upTo: 4096))
            io.to(room).emit("said", "the server", text)
            return HTTPResponse.Status.accepted
        }

        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        let application = Application(
            router: router,
            server: .engineIO(EngineServer(io)),
            configuration: .init(address: .hostname("127.0.0.1", port: port))
        )
        try await application.runService()
    }
}
