// The snippets of the article "Browsers and origins"; ArchitectureTests compares them.
import EngineIO
import EngineIOTransport
import SocketIO

private func isBlocked(_ address: String) async -> Bool { address.isEmpty }

private func allowOrigins(io: SocketIOServer) -> EngineServer {
    let configuration = EngineConfiguration(
        cors: CORSPolicy(origins: .list(["https://example.org", "https://app.example.org"]), allowsCredentials: true),
        checkOrigin: true
    )
    let engine = EngineServer(io, configuration: configuration)
    return engine
}

private func check() -> EngineConfiguration {
    let configuration = EngineConfiguration(checkOrigin: true, hosts: HostPolicy(["meet.example.org"]))
    return configuration
}

private func decide() -> EngineConfiguration {
    let configuration = EngineConfiguration(
        allowRequest: { request in
            await isBlocked(request.remoteAddress) ? .refuse("blocked") : .allow
        }
    )
    return configuration
}
