/// A request that was refused: what its client is told, and what ``EngineConfiguration/onConnectionError`` is told.
public struct EngineRefusal: Error, Sendable, Equatable {
    /// The code on the wire.
    public var error: EngineRequestError
    /// The text on the wire; that of the code unless the application or a limit has one of its own.
    public var message: String
    /// The status of the HTTP response; a refused WebSocket gets 400 where this says 403, as in the official server.
    public var status: Int
    /// The seconds after which trying again may help.
    public var retryAfter: Int?
    /// What led to the refusal, under the official server's names, such as `transport`, `sid`, `method` and `name`.
    public var context: [String: String]

    /// Makes a refusal.
    public init(
        _ error: EngineRequestError,
        message: String? = nil,
        status: Int? = nil,
        retryAfter: Int? = nil,
        context: [String: String] = [:]
    ) {
        self.error = error
        self.message = message ?? error.message
        self.status = status ?? error.status
        self.retryAfter = retryAfter
        self.context = context
    }

    /// The JSON body of the HTTP response.
    public var body: String {
        #"{"code":\#(error.rawValue),"message":\#(JSONString.literal(message))}"#
    }

    /// The application refused the handshake.
    package static func forbidden(_ message: String?) -> Self {
        Self(.forbidden, message: message, context: ["message": message ?? EngineRequestError.forbidden.message])
    }

    /// The transport is none of those that are allowed.
    static func transportUnknown(_ transport: String?) -> Self {
        Self(.transportUnknown, context: transport.map { ["transport": $0] } ?? [:])
    }

    /// There is no such session.
    package static func sessionUnknown(_ sid: String) -> Self {
        Self(.sessionUnknown, context: ["sid": sid])
    }

    /// A handshake with another method than GET.
    static func badHandshakeMethod(_ method: String) -> Self {
        Self(.badHandshakeMethod, context: ["method": method])
    }

    /// A request on a transport that is not the session's.
    package static func transportMismatch(_ transport: EngineTransport, previous: EngineTransport) -> Self {
        let context = ["name": "TRANSPORT_MISMATCH", "transport": transport.rawValue]
        return Self(.badRequest, context: context.merging(["previousTransport": previous.rawValue]) { $1 })
    }

    /// A handshake that asks for a WebSocket in one place and not in the other.
    static let webSocketHandshake = Self(.badRequest, context: ["name": "TRANSPORT_HANDSHAKE_ERROR"])

    /// An `Origin` that is no field value.
    static func invalidOrigin(_ origin: String) -> Self {
        Self(.badRequest, context: ["name": "INVALID_ORIGIN", "origin": origin])
    }

    /// A request under a name that the server does not have (RFC 9110, section 15.5.20).
    package static func misdirected(_ host: String?) -> Self {
        Self(
            .forbidden,
            message: "Misdirected Request",
            status: 421,
            context: ["name": "HOST_NOT_ALLOWED", "host": host ?? ""]
        )
    }

    /// A request from an origin that may not use the server.
    package static func foreignOrigin(_ origin: String) -> Self {
        Self(.forbidden, context: ["name": "ORIGIN_NOT_ALLOWED", "origin": origin])
    }

    /// The application gave no id, or none that is free and fit for the wire.
    package static let idGeneration = Self(.badRequest, context: ["name": "ID_GENERATION_ERROR"])

    /// The server has as many sessions as it may.
    static let serverFull = Self(
        .forbidden,
        message: "Too many connections",
        status: 503,
        context: ["name": "MAX_CONNECTIONS"]
    )

    /// The server takes no new sessions, since it is about to end.
    package static let shuttingDown = Self(
        .forbidden,
        message: "Server shutting down",
        status: 503,
        context: ["name": "SHUTTING_DOWN"]
    )

    /// The address has as many sessions as it may.
    static let tooManyConnections = Self(
        .forbidden,
        message: "Too many connections",
        status: 429,
        context: ["name": "MAX_CONNECTIONS_PER_ADDRESS"]
    )

    /// The address shakes hands too often.
    static func tooManyHandshakes(retryAfter: Duration) -> Self {
        Self(
            .forbidden,
            message: "Too many handshakes",
            status: 429,
            retryAfter: max(1, Int((retryAfter / .seconds(1)).rounded(.up))),
            context: ["name": "HANDSHAKE_RATE"]
        )
    }

    /// Upgrades are not allowed.
    package static let upgradeNotAllowed = Self(.badRequest, context: ["name": "UPGRADE_NOT_ALLOWED"])

    /// A revision of the protocol that is not served.
    static func unsupportedProtocolVersion(_ version: String?) -> Self {
        Self(.unsupportedProtocolVersion, context: version.map { ["protocol": $0] } ?? [:])
    }
}
