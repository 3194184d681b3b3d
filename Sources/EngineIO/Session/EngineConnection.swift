public import NIOCore

/// An Engine.IO connection as the layer above sees it, whatever its transport at the moment.
///
/// Members that say so are called on ``loop`` only, which ``EngineLoop/preconditionInLoop(_:file:line:)`` holds them to;
/// the rest is immutable and may be read from anywhere.
public protocol EngineConnection: AnyObject, Sendable {
    /// The session id: 20 characters of the base64url alphabet.
    var id: String { get }

    /// The revision of the Engine.IO protocol that the client speaks.
    var protocolVersion: EngineProtocolVersion { get }

    /// The HTTP request that opened the connection.
    var handshake: HandshakeRequest { get }

    /// The loop on which the connection lives.
    var loop: any EngineLoop { get }

    /// The transport at the moment; call on ``loop``.
    var transport: EngineTransport { get }

    /// Whether a message sent now would leave at once rather than wait in the buffer; call on ``loop``.
    ///
    /// On long-polling, whether a poll waits. On WebSocket, whether the kernel keeps up and no more than
    /// ``EngineConfiguration/highWaterMark`` waits for the end of this turn of the loop. Once it is `false`,
    /// ``EngineConnectionHandler/connectionBecameWritable()`` tells when to go on.
    var isWritable: Bool { get }

    /// The bytes that ``send(_:)`` accepted and that neither the kernel nor a poll has taken; call on ``loop``.
    var bufferedBytes: Int { get }

    /// The packets that ``send(_:)`` accepted and that neither the kernel nor a poll has taken; call on ``loop``.
    var bufferedPackets: Int { get }

    /// Sends a message; ignored once the connection is closed; call on ``loop``.
    ///
    /// All that one turn of the loop sends leaves in one write. A connection that is sent a message while more than
    /// ``EngineConfiguration/maxBufferedBytes`` wait, or which makes more than
    /// ``EngineConfiguration/maxBufferedPackets``, or is slow while more than
    /// ``EngineConfiguration/maxBufferedBytesInAll`` wait for all, is closed in the next turn with
    /// ``EngineCloseReason/bufferOverflow``.
    func send(_ message: EncodedMessage)

    /// Closes the connection; call on ``loop``.
    /// - Parameter reason: What the handler is told.
    func close(_ reason: EngineCloseReason)
}

extension EngineConnection {
    /// Closes the connection with ``EngineCloseReason/forcedClose``; call on ``loop``.
    public func close() {
        close(.forcedClose)
    }
}

/// Receives what a connection brings; called on the connection's loop only.
public protocol EngineConnectionHandler: AnyObject {
    /// A message arrived from the client.
    func receive(_ message: EngineMessage)

    /// The connection takes more: a poll fetched the buffer or waits, or a WebSocket that was not writable is.
    func connectionBecameWritable()

    /// The connection moved to another transport; what is sent from now on travels there.
    func transportChanged(to transport: EngineTransport)

    /// The connection is closed; nothing follows. Called exactly once.
    func connectionClosed(_ reason: EngineCloseReason)
}

extension EngineConnectionHandler {
    /// Does nothing.
    public func connectionBecameWritable() {}

    /// Does nothing.
    public func transportChanged(to transport: EngineTransport) {}
}

/// What runs on top of Engine.IO: Socket.IO, or any protocol of one's own.
public protocol EngineApplication: Sendable {
    /// The path prefix at which clients look for this application, with slashes at both ends.
    var defaultPath: String { get }

    /// A client completed its handshake; called on the connection's loop, after the open packet was queued.
    ///
    /// The connection keeps the handler until it is closed.
    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler

    /// The server stops: ends the connections over a period, and returns when that is done.
    ///
    /// Connections that are left then are closed by the transport.
    func shutdown(gracePeriod: Duration) async
}

extension EngineApplication {
    /// Does nothing.
    public func shutdown(gracePeriod: Duration) async {}
}

extension EngineApplication {
    /// `/engine.io/`, where bare Engine.IO clients look.
    public var defaultPath: String { "/engine.io/" }
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
    /// What holds the connection ends (close code 1001, RFC 6455, section 7.4.1): browsers say so by themselves when a
    /// page is closed, left, loaded again or crashes. The official server calls this `transport close` too.
    case goingAway = "going away"
    /// The server closed the connection.
    case forcedClose = "forced close"
    /// The client's pong (protocol 4) or ping (protocol 3) did not come in time.
    case pingTimeout = "ping timeout"
    /// The client sent a packet or payload that can't be decoded.
    case parseError = "parse error"
    /// The client sent a message or a POST larger than ``EngineConfiguration/maxPayload``.
    case payloadTooLarge = "payload too large"
    /// The client takes what it is sent too slowly: the send buffer passed its limit.
    case bufferOverflow = "send buffer overflow"
    /// The client takes nothing of what it is sent: ``EngineConfiguration/sendTimeout`` is over.
    case sendTimeout = "send timeout"
    /// The client sends more often than it may.
    case rateLimited = "rate limit exceeded"
    /// The server is shutting down.
    case serverShuttingDown = "server shutting down"
}

extension EngineCloseReason {
    /// The reason for a client that closed its WebSocket.
    /// - Parameter code: The code of its close frame; `nil` where that had none.
    package init(closedWith code: WebSocketCloseCode?) {
        self = code == .goingAway ? .goingAway : .transportClose
    }
}

/// The revisions of the Engine.IO protocol in use.
public enum EngineProtocolVersion: Int, Sendable {
    /// Protocol 3, spoken by Socket.IO 2 clients.
    case v3 = 3
    /// Protocol 4, spoken by Socket.IO 3 and 4 clients.
    case v4 = 4
}
