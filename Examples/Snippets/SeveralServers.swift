// The snippets of the article "Several servers"; ArchitectureTests compares them.
import SocketIO

private func join(makeAdapter: @escaping AdapterFactory) -> SocketIOServer {
    let io = SocketIOServer(adapter: makeAdapter)
    return io
}

private func local(io: SocketIOServer) {
    io.local.emit("maintenance", "this server restarts")
}

private func talk(io: SocketIOServer) async throws {
    io.onServerSide("reload") { (topic: String) in print("reload", topic) }
    io.serverSideEmit("reload", "prices")
    let loads: [Double] = try await io.serverSideEmitWithAck("load")
    print(loads)
}
