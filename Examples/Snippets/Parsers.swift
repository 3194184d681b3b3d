// The snippets of the article "Parsers"; ArchitectureTests compares them.
import SocketIO

private func messagePack() -> SocketIOServer {
    let io = SocketIOServer(configuration: .init(parser: .messagePack))
    return io
}
