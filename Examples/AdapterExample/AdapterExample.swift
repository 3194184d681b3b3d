// A chat on two servers that share their rooms, joined by an adapter of one's own: what is said on one is heard on
// both. Run it with `swift run AdapterExample`, which takes the ports 3000 and 3001, or with the first port as argument,
// and connect one client to each.
import EngineIOTransport
import SocketIO

@main
enum AdapterExample {
    static func main() async throws {
        let firstPort = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        let hub = Hub()
        try await withThrowingTaskGroup { group in
            for index in 0...1 {
                let io = SocketIOServer(adapter: hub.adapters(ofNode: "node-\(index)"))
                io.onConnection { socket in
                    socket.on("join") { (room: String) in socket.join(room) }
                    socket.on("say") { (room: String, text: String) in
                        socket.to(room).emit("said", socket.id, text)
                    }
                    socket.on("who") { (room: String) async throws -> [String] in
                        try await io.to(room).fetchSockets().map(\.id).sorted()
                    }
                }
                let port = firstPort == 0 ? 0 : firstPort + index
                let server = try await EngineHTTPServer(EngineServer(io), port: port)
                group.addTask { try await server.run() }
            }
            try await group.waitForAll()
        }
    }
}
