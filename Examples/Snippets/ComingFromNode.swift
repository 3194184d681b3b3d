// The snippets of the article "Coming from Node"; ArchitectureTests compares them.
import EngineIO
import EngineIOTransport
import SocketIO

private func program() async throws {
    let io = SocketIOServer()
    io.onConnection { socket in
        socket.on("say") { (room: String, text: String) in socket.to(room).emit("said", text) }
        socket.on("sum") { (a: Int, b: Int) in a + b }
    }
    try await io.serve(port: 3000)
}

/// Every call of the tables, so that a change of its name is noticed.
private func calls(io: SocketIOServer, socket: Socket) async throws {
    _ = io.of("/name")
    _ = io.of(matching: /\/team-\d+/)
    _ = io.of(where: { name, _ in name == "/x" })
    io.onNewNamespace { namespace in print(namespace.name) }
    io.use { _ in throw ConnectionRefused("no", data: ["why": 1]) }
    io.send("text")
    io.in("a").except("b").volatile.compress(false).emit("x")
    let _: [Int] = try await io.timeout(.seconds(1)).emitWithAck("x")
    _ = try await io.fetchSockets().map(\.id)
    io.socketsJoin("a")
    io.socketsLeave("a")
    io.disconnectSockets(close: true)
    io.local.emit("x")
    io.serverSideEmit("x", 1)
    let _: [Int] = try await io.serverSideEmitWithAck("x")
    io.onServerSide("x") { (a: Int) in a + 1 }
    await io.shutdown(gracePeriod: .seconds(5))
    await io.close()

    print(socket.id, socket.namespace, socket.connection, socket.isConnected, socket.handshake, socket.rooms)
    _ = await socket.fetchRooms()
    socket.data[Int.self] = 1
    print(socket.isRecovered)
    let listener = socket.once("x") { (a: Int, b: String) in print(a, b) }
    socket.off("x")
    socket.off(listener)
    socket.use { _, _ in }
    socket.prependAny { _, _ in }
    socket.offAny()
    socket.prependAnyOutgoing { _, _ in }
    socket.offAnyOutgoing()
    socket.send("text")
    socket.volatile.compress(true).emit("x")
    socket.emit("x", 1) { result in print(result) }
    let _: Int = try await socket.timeout(.seconds(1)).emitWithAck("x")
    _ = try await socket.emitWithRawAck("x").count
    socket.join("a")
    socket.leave("a")
    socket.in("a").except("b").emit("x")
    socket.broadcast.emit("x")
    socket.onDisconnecting { reason in print(reason) }
    socket.onError { error in print(error) }
    socket.onUpgrade { transport in print(transport) }
    socket.disconnect(close: true)
    print(socket.handshake.header("Cookie") ?? "", socket.handshake.queryValue("a") ?? "", socket.handshake.issued)
    print(socket.handshake.isSecure, socket.handshake.isCrossDomain, socket.handshake.target)
    print(socket.connection.transport, socket.connection.protocolVersion, socket.handshake.address)
}

private func engine(_ server: EngineServer) async {
    print(server.sessionCount, await server.counters().handshakes)
}
