import EngineIO
import SocketIO

/// What the server knows of a handshake, in the shape in which the official server tells it.
struct HandshakeDescription: Encodable {
    private let query: [String: String]
    private let headers: [String: String]
    private let address: String
    private let secure: Bool
    private let url: String
    private let auth: RawArgument

    init(_ handshake: Handshake) {
        query = Dictionary(handshake.query.map { ($0.name, $0.value) }) { _, last in last }
        headers = Dictionary(handshake.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
        address = handshake.address
        secure = handshake.isSecure
        url = handshake.target
        auth = handshake.auth
    }
}
