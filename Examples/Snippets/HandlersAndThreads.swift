// The snippets of the article "Handlers and threads"; ArchitectureTests compares them.
import SocketIO
import Synchronization

private struct Profile: Codable, Sendable {
    var name: String
}

private func loadProfile(_ socket: Socket) async throws -> Profile { Profile(name: socket.id) }
private func render(_ text: String) -> String { text }

private func hold(io: SocketIOServer) {
    io.onConnection { socket in
        let profile = try await loadProfile(socket)
        socket.on("whoami") { profile }
    }
}

private func block(socket: Socket) {
    socket.on("render") { (text: String) async -> String in
        await Task.detached { render(text) }.value
    }
}

private struct TooManyArguments: Error {
    var event: String
}

private func seeAll(socket: Socket) {
    socket.use { event, arguments in
        guard arguments.count <= 3 else { throw TooManyArguments(event: event) }
    }
    socket.onAny { event, arguments in print("in", event, arguments.count) }
    socket.onAnyOutgoing { event, arguments in print("out", event, arguments.count) }
}

private func logIn(_ token: String, _ socket: Socket) async throws {}

private func wait(socket: Socket) {
    let login = socket.after(.seconds(10)) { socket.disconnect() }
    socket.on("login") { (token: String) async throws in
        try await logIn(token, socket)
        login.cancel()
    }
}

private func share(io: SocketIOServer) {
    let visits = Mutex<[String: Int]>([:])
    io.onConnection { socket in
        socket.on("visit") { (page: String) in
            visits.withLock { $0[page, default: 0] += 1 }
        }
    }
}
