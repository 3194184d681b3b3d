import SocketIO

/// The events that the official Socket.IO suite expects, and those of the benchmarks.
enum SocketIOSuite {
    static func register(on io: SocketIOServer) {
        io.of("/").onConnection { socket in
            greet(socket)
            socket.on("message", raw: { arguments, _ in socket.emit("message-back", raw: arguments) })
            socket.on("message-with-ack", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
            socket.on("echo", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("say") { (room: String, text: RawArgument) in io.of("/").to(room).emit("said", text) }
        }
        io.of("/custom").onConnection { socket in greet(socket) }
    }

    private static func greet(_ socket: Socket) {
        socket.emit("auth", socket.handshake.auth)
    }
}
