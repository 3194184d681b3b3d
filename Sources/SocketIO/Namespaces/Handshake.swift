public import EngineIO
public import FoundationEssentials

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

    /// When the client connected (`issued` and `time` of the official server).
    public var issued: Date { request.date }

    /// Whether the request has the header field `Origin`, as those from pages of other origins do (`xdomain`).
    public var isCrossDomain: Bool { request.header("Origin") != nil }

    /// The first value of a header field, its name compared without regard to case; `nil` when there is none.
    public func header(_ name: String) -> String? { request.header(name) }

    /// The first value of a query item; `nil` when there is none.
    public func queryValue(_ name: String) -> String? { request.queryValue(name) }

    /// The client's address, without port; empty when it is unknown.
    public var address: String { request.remoteAddress }

    /// Whether the connection is over TLS.
    public var isSecure: Bool { request.isSecure }

    /// The request target, path and query.
    public var target: String { request.target }
}
