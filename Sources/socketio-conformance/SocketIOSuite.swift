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
            rooms(socket, io)
        }
        io.of("/custom").onConnection { socket in greet(socket) }
    }

    /// Answers without arguments, for clients that wait until it is done.
    private static func rooms(_ socket: Socket, _ io: SocketIOServer) {
        socket.on(
            "join",
            raw: { arguments, acknowledge in
                socket.join(try arguments.decode(String.self))
                acknowledge?()
            }
        )
        socket.on(
            "leave",
            raw: { arguments, acknowledge in
                socket.leave(try arguments.decode(String.self))
                acknowledge?()
            }
        )
        socket.on(
            "say",
            raw: { arguments, acknowledge in
                io.of("/").to(try arguments.decode(String.self)).emit(
                    "said",
                    try arguments.decode(RawArgument.self, at: 1)
                )
                acknowledge?()
            }
        )
    }

    private static func greet(_ socket: Socket) {
        socket.emit("auth", socket.handshake.auth)
    }
}
