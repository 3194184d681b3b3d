// The snippets of the article "Rooms and broadcasting"; ArchitectureTests compares them.
import NIOCore
import SocketIO

private func join(io: SocketIOServer) {
    io.onConnection { socket in
        socket.on("enter") { (room: String) in
            socket.join(room)
            socket.to(room).emit("entered", socket.id)
        }
        socket.on("go") { (room: String) in
            socket.leave(room)
        }
    }
}

private func leave(socket: Socket) {
    socket.onDisconnecting { reason in
        socket.to(socket.rooms.sorted()).emit("left", socket.id)
    }
}

private func select(io: SocketIOServer, socket: Socket) {
    io.emit("news", "for everybody")
    io.to("lobby").emit("news", "for a room")
    io.to("lobby", "bar").except("quiet").emit("news", "for two rooms, but not for a third")
    socket.broadcast.emit("news", "for everybody else")
    socket.to("lobby").emit("news", "for everybody else in a room")
    io.to(socket.id).emit("news", "for one socket, from anywhere")
}

private func flag(io: SocketIOServer, x: Double, y: Double, image: ByteBuffer) {
    io.to("game").volatile.emit("position", x, y)
    io.to("game").compress(false).emit("picture", image)
}

private func setOptions(io: SocketIOServer, x: Double, y: Double) {
    let telemetry = EmitOptions(isVolatile: true, isCompressible: false)
    io.to("game").with { $0 = telemetry }.emit("position", x, y)
}

private func manage(io: SocketIOServer) async throws {
    io.to("lobby").socketsJoin("archive")
    io.to("lobby").socketsLeave("lobby")
    io.to("banned").disconnectSockets(close: true)
    for socket in try await io.to("archive").fetchSockets() {
        print(socket.id, socket.rooms, socket.handshake.address)
    }
}

private func pass(io: SocketIOServer, socket: Socket) {
    socket.on("stroke") { (arguments: SocketArguments, acknowledge: Acknowledge?) in
        socket.broadcast.emit("stroke", raw: arguments)
        acknowledge?()
    }
}
