import EngineIO
import EngineIOTransport
import Foundation
import JWTKit
import SocketIO

/// Who a token was issued to, and until when it is good.
struct Identity: JWTPayload {
    var sub: SubjectClaim
    var exp: ExpirationClaim

    func verify(using algorithm: some JWTAlgorithm) throws {
        try exp.verifyNotExpired()
    }
}

/// Lets in whoever brings a signed token: `io(url, { auth: { token } })`.
@main
enum AuthenticationExample {
    static func main() async throws {
        guard let secret = ProcessInfo.processInfo.environment["JWT_SECRET"] else {
            print("Set JWT_SECRET to the secret that tokens are signed with.")
            exit(64)
        }
        let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        let io = SocketIOServer()
        io.use { socket in
            guard let auth = try? socket.handshake.auth.decode([String: String].self), let token = auth["token"],
                let identity = try? await keys.verify(token, as: Identity.self)
            else { throw ConnectionRefused("not authorized") }
            socket.join("user:" + identity.sub.value)
        }
        io.onConnection { socket in
            socket.emit("rooms", socket.rooms.sorted())
        }
        let server = try await EngineHTTPServer(
            EngineServer(io, configuration: .init(path: "/socket.io/")),
            port: 3000
        )
        print("listening on", server.port)
        try await server.run()
    }
}
