// The snippets of the article "Serving old clients"; ArchitectureTests compares them.
import EngineIO
import EngineIOTransport
import SocketIO

private func allow(io: SocketIOServer) -> EngineServer {
    let engine = EngineServer(io, configuration: EngineConfiguration(allowEIO3: true))
    return engine
}

private func watch(io: SocketIOServer) {
    io.onConnection { socket in
        if socket.connection.protocolVersion == .v3 { print("an old client:", socket.handshake.address) }
    }
}
