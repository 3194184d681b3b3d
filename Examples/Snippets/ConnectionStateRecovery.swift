// The snippets of the article "Connection state recovery"; ArchitectureTests compares them.
import SocketIO

private func switchOn() -> SocketIOServer {
    let io = SocketIOServer(configuration: .init(connectionStateRecovery: .init()))
    return io
}

private func see(io: SocketIOServer) {
    io.onConnection { socket in
        socket.on("join") { (room: String) in socket.join(room) }
        if !socket.isRecovered {
            socket.emit("state", "from the beginning")
        }
    }
}
