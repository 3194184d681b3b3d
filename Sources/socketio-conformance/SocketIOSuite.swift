import SocketIO

/// The events that the official Socket.IO suite expects, and those of the benchmarks.
enum SocketIOSuite {
    /// Adds the handlers; `sessionCount` tells how many Engine.IO sessions there are.
    static func register(on io: SocketIOServer, sessionCount: @escaping @Sendable () -> Int) {
        io.of("/").onConnection { socket in
            greet(socket)
            socket.on("message", raw: { arguments, _ in socket.emit("message-back", raw: arguments) })
            socket.on("message-with-ack", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
            socket.on("echo", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
            socket.on("sessions") { sessionCount() }
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("leave") { (room: String) in socket.leave(room) }
            socket.on("say") { (room: String, text: RawArgument) in io.of("/").to(room).emit("said", text) }
        }
        io.of("/custom").onConnection { socket in greet(socket) }
    }

    private static func greet(_ socket: Socket) {
        socket.emit("auth", socket.handshake.auth)
    }
}
