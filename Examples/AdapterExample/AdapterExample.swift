import EngineIOTransport
import SocketIO

/// A chat on two servers: what one says is heard on both.
@main
enum AdapterExample {
    static func main() async throws {
        let firstPort = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        let hub = Hub()
        try await withThrowingTaskGroup { group in
            for index in 0...1 {
                let io = SocketIOServer(adapter: hub.adapters(ofNode: "node-\(index)"))
                io.onConnection { socket in
                    socket.on("chat message") { (text: String) in io.emit("chat message", text) }
                }
                let port = firstPort == 0 ? 0 : firstPort + index
                let server = try await EngineHTTPServer(EngineServer(io), port: port)
                print("listening on", server.port)
                group.addTask { try await server.run() }
            }
            try await group.waitForAll()
        }
    }
}
