public import EngineIO

/// Why a socket was disconnected; the raw values are those of the official server where it has the reason.
public enum DisconnectReason: String, Sendable, Equatable, CaseIterable {
    /// The transport failed or the client broke its rules.
    case transportError = "transport error"
    /// The client closed the connection.
    case transportClose = "transport close"
    /// What holds the connection ends: browsers say so when a page is closed, left, loaded again or crashes, though
    /// only over WebSocket. The official server calls this `transport close` too.
    case goingAway = "going away"
    /// The server closed the connection, for instance because the client sent a packet that can't be decoded.
    case forcedClose = "forced close"
    /// The client did not answer a ping in time.
    case pingTimeout = "ping timeout"
    /// The client sent an Engine.IO packet that can't be decoded.
    case parseError = "parse error"
    /// The client sent a message that is larger than the server allows.
    case payloadTooLarge = "payload too large"
    /// The client takes what it is sent too slowly.
    case bufferOverflow = "send buffer overflow"
    /// The client takes nothing of what it is sent.
    case sendTimeout = "send timeout"
    /// The client sends more often than it may.
    case rateLimited = "rate limit exceeded"
    /// The server is shutting down.
    case serverShuttingDown = "server shutting down"
    /// The client broke the rules of Socket.IO, or joined no namespace in time.
    case forcedServerClose = "forced server close"
    /// The client left the namespace.
    case clientNamespaceDisconnect = "client namespace disconnect"
    /// The server disconnected the socket.
    case serverNamespaceDisconnect = "server namespace disconnect"

    /// Whether the client may come back to its session, which it has not ended itself and the server not for good.
    var isRecoverable: Bool {
        switch self {
        // A client that could not take what was sent could not take it once more either.
        case .bufferOverflow, .parseError, .rateLimited, .clientNamespaceDisconnect, .serverNamespaceDisconnect: false
        default: true
        }
    }

    /// The reason for the sockets of a connection that ended.
    public init(_ reason: EngineCloseReason) {
        switch reason {
        case .transportError: self = .transportError
        case .transportClose: self = .transportClose
        case .goingAway: self = .goingAway
        case .forcedClose: self = .forcedClose
        case .pingTimeout: self = .pingTimeout
        case .parseError: self = .parseError
        case .payloadTooLarge: self = .payloadTooLarge
        case .bufferOverflow: self = .bufferOverflow
        case .sendTimeout: self = .sendTimeout
        case .rateLimited: self = .rateLimited
        case .serverShuttingDown: self = .serverShuttingDown
        }
    }
}
