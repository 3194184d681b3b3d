// The snippets of the article "Getting started"; ArchitectureTests compares them.
import EngineIOTransport
import Hummingbird
import Logging
import ServiceLifecycle
import SocketIO
import UnixSignals

private func alone() async throws {
    let io = SocketIOServer()
    try await io.serve(port: 3000)
}

private func mounted(router: Router<BasicRequestContext>) async throws {
    let io = SocketIOServer()
    let application = Application(router: router, server: .engineIO(EngineServer(io)))
    try await application.runService()
}

private func listen(io: SocketIOServer) {
    io.onConnection { socket in
        socket.emit("welcome", socket.id)
        socket.on("say") { (room: String, text: String) in
            socket.to(room).emit("said", text)
        }
        socket.on("sum") { (a: Int, b: Int) in a + b }
        socket.onDisconnect { reason in
            print(socket.id, "left:", reason.rawValue)
        }
    }
}

private struct Order: Codable, Sendable {
    var dish: String
    var portions: Int
    var remarks: String?
}

private func typed(socket: Socket) {
    socket.on("order") { (order: Order, isUrgent: Bool?) in
        socket.emit("ordered", order)
    }
}

extension Events {
    static let say = Event<String, String>("say")
    static let moved = Event<Int, Int, Void>("moved")
}

private func keyed(socket: Socket) async throws {
    socket.on(.say) { text in
        socket.broadcast.emit(.moved, 1, 2)
        return text.uppercased()
    }
    let echo = try await socket.timeout(.seconds(5)).emitWithAck(.say, "hello")
    print(echo)
}

private func namespaces(io: SocketIOServer) {
    let admin = io.of("/admin")
    admin.onConnection { socket in
        socket.emit("hello", "administrator")
    }
    admin.emit("restarting")
}

private func run(io: SocketIOServer, logger: Logger) async throws {
    let server = try await EngineHTTPServer(EngineServer(io, logger: logger), port: 3000, logger: logger)
    try await ServiceGroup(
        services: [server],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: logger
    ).run()
}
