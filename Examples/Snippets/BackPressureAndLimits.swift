// The snippets of the article "Back-pressure and limits"; ArchitectureTests compares them.
import SocketIO

private func send(io: SocketIOServer, x: Double, y: Double) {
    io.volatile.emit("position", x, y)
}

private func listen(socket: Socket) {
    socket.onDisconnect { reason, description in
        print(socket.id, reason.rawValue, description ?? "")
    }
}
