// The snippets of the article "Namespaces"; ArchitectureTests compares them.
import SocketIO

private struct Invitation: Decodable {
    var namespace: String
}

private func dynamic(io: SocketIOServer) {
    let teams = io.of(matching: /\/team-\d+/)
    teams.onConnection { socket in
        socket.namespace.emit("here", socket.id)
    }
    io.of { name, auth in
        name.hasPrefix("/private-") && (try? auth.decode(Invitation.self))?.namespace == name
    }
}
