// The snippets of the article "Authentication"; ArchitectureTests compares them.
import SocketIO

private struct Credentials: Decodable {
    var token: String
}

private struct User: Sendable {
    var name: String
}

private func verify(_ token: String) async -> User? { User(name: token) }

private func authenticate(io: SocketIOServer) {
    io.use { socket in
        guard let credentials = try? socket.handshake.auth.decode(Credentials.self),
            let user = await verify(credentials.token)
        else { throw ConnectionRefused("not authorized", data: ["hint": "log in again"]) }
        socket.data[User.self] = user
        socket.join("user:" + user.name)
    }
}

private func isLoggedIn(_ cookie: String) async -> Bool { !cookie.isEmpty }

private func checkCookie(io: SocketIOServer) {
    io.use { socket in
        guard let cookie = socket.handshake.header("Cookie"), await isLoggedIn(cookie) else {
            throw ConnectionRefused("not logged in")
        }
    }
}

private func remember(socket: Socket) {
    socket.on("whoami") { socket.data[User.self]?.name }
}

private func logOut(io: SocketIOServer, name: String) {
    io.to("user:" + name).disconnectSockets(close: true)
}
