// A TURN server that asks the program who may use it. Run it with `swift run TURNExample`, or `swift run TURNExample 3479`
// for another port, and try it with `linkup check turn:localhost --user guest:welcome`.
import Logging
import STUN
import TURN
import TURNServer

/// Stands for the program's own list of users.
struct Members: CredentialProvider {
    func credentials(of username: String, realm: String, at now: UInt32) -> [Credential] {
        username == "guest" ? [Credential(username: username, realm: realm, password: "welcome")] : []
    }
}

@main
enum TURNExample {
    static func main() async throws {
        var configuration = TURNServer.Configuration(realm: "example.org", providers: [Members()])
        configuration.port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3478
        let server = try TURNServer(configuration: configuration)
        let ports = try await server.bind()
        Logger(label: "example").info("TURN listens", metadata: ["port": "\(ports.port)"])
        try await server.run()
    }
}
