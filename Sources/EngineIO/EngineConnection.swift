public import NIOCore

/// An Engine.IO connection as the layer above sees it, whatever its transport at the moment.
///
/// Members that say so are called on ``loop`` only; the rest is immutable and may be read from anywhere.
public protocol EngineConnection: AnyObject, Sendable {
    /// The session id: 20 characters of the base64url alphabet.
    var id: String { get }

    /// The revision of the Engine.IO protocol that the client speaks.
    var protocolVersion: EngineProtocolVersion { get }

    /// The HTTP request that opened the connection.
    var handshake: HandshakeRequest { get }

    /// The loop on which the connection lives.
    var loop: any EngineLoop { get }

    /// Whether a message sent now would leave at once rather than wait in the buffer; call on ``loop``.
    var isWritable: Bool { get }

    /// Sends a message; ignored once the connection is closed; call on ``loop``.
    ///
    /// All that one turn of the loop sends leaves in one write.
    func send(_ message: EncodedMessage)

    /// Closes the connection with ``EngineCloseReason/forcedClose``; call on ``loop``.
    func close()
}

/// Receives what a connection brings; called on the connection's loop only.
public protocol EngineConnectionHandler: AnyObject {
    /// A message arrived from the client.
    func receive(_ message: EngineMessage)

    /// The connection is closed; nothing follows. Called exactly once.
    func connectionClosed(_ reason: EngineCloseReason)
}

/// What runs on top of Engine.IO: Socket.IO, or any protocol of one's own.
public protocol EngineApplication: Sendable {
    /// A client completed its handshake; called on the connection's loop, after the open packet was queued.
    ///
    /// The connection keeps the handler until it is closed.
    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler
}

/// A message from the client.
public enum EngineMessage: Sendable, Equatable {
    /// A text message. The bytes are what the client sent; whether they are valid UTF-8 has been checked.
    case text(ByteBuffer)
    /// A binary message.
    case binary(ByteBuffer)
}

/// Why a connection ended (`DisconnectReason` of the official server).
public enum EngineCloseReason: String, Sendable, Equatable, CaseIterable {
    /// The transport failed or the client broke its rules: a dropped poll, overlapping polls, a bad frame.
    case transportError = "transport error"
    /// The client closed the connection.
    case transportClose = "transport close"
    /// The server closed the connection.
    case forcedClose = "forced close"
    /// The client's pong (protocol 4) or ping (protocol 3) did not come in time.
    case pingTimeout = "ping timeout"
    /// The client sent a packet or payload that can't be decoded.
    case parseError = "parse error"
}

/// The revisions of the Engine.IO protocol in use.
public enum EngineProtocolVersion: Int, Sendable {
    /// Protocol 3, spoken by Socket.IO 2 clients.
    case v3 = 3
    /// Protocol 4, spoken by Socket.IO 3 and 4 clients.
    case v4 = 4
}
