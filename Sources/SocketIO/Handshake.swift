public import EngineIO

/// How a client connected: its HTTP request and what it sent to join the namespace.
public struct Handshake: Sendable, Codable {
    /// The HTTP request that opened the connection.
    public let request: HandshakeRequest

    /// The payload of CONNECT, an object; `{}` when the client sent none.
    ///
    /// For a protocol 3 client it is made of the query that follows the namespace.
    public let auth: RawArgument

    /// Makes a handshake; `auth` must be an object.
    public init(request: HandshakeRequest, auth: RawArgument) {
        self.request = request
        self.auth = auth
    }

    /// The header fields of the request.
    public var headers: [HandshakeRequest.HeaderField] { request.headers }

    /// The query of the request, percent-decoded.
    public var query: [HandshakeRequest.QueryItem] { request.query }

    /// The peer's address.
    public var address: String { request.remoteAddress }

    /// Whether the connection is over TLS.
    public var isSecure: Bool { request.isSecure }

    /// The request target, path and query.
    public var target: String { request.target }
}
