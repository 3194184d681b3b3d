// Lets in whoever brings a signed token (JWT, HS256). Run it with `JWT_SECRET=… swift run AuthenticationExample`, or
// with a port as argument, and connect with `io("http://localhost:3000", { auth: { token } })`.
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

/// What the client sends along when it joins the namespace.
struct Credentials: Decodable {
    var token: String
}

@main
enum AuthenticationExample {
    static func main() async throws {
        // A key shorter than the hash makes signatures that are easier to forge (RFC 7518, section 3.2).
        guard let secret = ProcessInfo.processInfo.environment["JWT_SECRET"], secret.utf8.count >= 32 else {
            print("Set JWT_SECRET to the secret that tokens are signed with, at least 32 characters.")
            exit(64)
        }
        let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        let io = SocketIOServer()
        io.use { socket in
            guard let credentials = try? socket.handshake.auth.decode(Credentials.self),
                let identity = try? await keys.verify(credentials.token, as: Identity.self)
            else { throw ConnectionRefused("not authorized", data: ["hint": "log in again"]) }
            // A room for everything that belongs to this user, on whatever devices.
            socket.join("user:" + identity.sub.value)
        }
        io.onConnection { socket in
            socket.emit("rooms", socket.rooms.sorted())
        }
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        try await io.serve(port: port)
    }
}
