public import EngineIO
import NIOCore

/// An Engine.IO connection without a network: what the server sends is kept, what the client sends is up to the test.
///
/// For tests of packets, letter by letter, and of slow clients. ``TestClient`` is the Socket.IO client above it.
///
/// Unchecked: used on its loop, or by the test while the loop rests.
public final class TestConnection: EngineConnection, @unchecked Sendable {
    /// What one side sends, as the client sees it.
    public enum Message: Equatable, CustomStringConvertible, ExpressibleByStringLiteral, Sendable {
        /// A text message with the `4` of Engine.IO before it: `42["hello"]`.
        case text(String)
        /// A binary message.
        case binary([UInt8])
        /// The end of the connection.
        case closed

        /// Makes a text message.
        public init(stringLiteral value: String) { self = .text(value) }

        /// The text, or what it is instead.
        public var description: String {
            switch self {
            case .text(let text): text
            case .binary(let bytes): "binary \(bytes)"
            case .closed: "closed"
            }
        }
    }

    /// The session id.
    public let id: String
    /// The revision of Engine.IO that the client speaks.
    public let protocolVersion: EngineProtocolVersion
    /// The request that opened the connection.
    public let handshake: HandshakeRequest
    /// The loop on which the connection lives.
    public let manualLoop: ManualLoop
    /// ``manualLoop``, as the server knows it.
    public var loop: any EngineLoop { manualLoop }
    /// The transport; ``change(to:)`` moves to another.
    public private(set) var transport = EngineTransport.webSocket
    /// Whether the client keeps up; a test makes it slow by setting it.
    public var isWritable = true
    /// How many bytes wait for the client; a test sets it.
    public var bufferedBytes = 0
    /// How many packets wait for the client; a test sets it.
    public var bufferedPackets = 0
    /// How many messages the connection takes until it is not writable; `nil`, the default, for any number.
    public var messagesUntilFull: Int?
    /// What the server has sent since ``takeSent()``.
    public private(set) var sent: [Message] = []
    /// All that the server has sent, as it was encoded.
    public private(set) var sentMessages: [EncodedMessage] = []
    /// Whether the connection has ended.
    public private(set) var isClosed = false
    /// Called on the loop with each message, once it is among ``sent``.
    var onMessage: ((EncodedMessage) -> Void)?
    private var handler: (any EngineConnectionHandler)?

    /// Makes a connection that no server knows yet.
    /// - Parameters:
    ///   - loop: The loop on which it lives.
    ///   - id: The session id.
    ///   - version: The revision of Engine.IO that the client speaks.
    ///   - address: The client's address; `192.0.2.1` (RFC 5737) unless given.
    ///   - isSecure: Whether the client came over TLS.
    ///   - query: What the client adds to the query of its request.
    ///   - headers: The headers of the request.
    public init(
        on loop: ManualLoop,
        id: String = "engine-id-0123456789",
        version: EngineProtocolVersion = .v4,
        address: String = "192.0.2.1",
        isSecure: Bool = false,
        query: [HandshakeRequest.QueryItem] = [],
        headers: [HandshakeRequest.HeaderField] = [.init(name: "Host", value: "localhost")]
    ) {
        self.id = id
        manualLoop = loop
        protocolVersion = version
        let query =
            [.init(name: "EIO", value: "\(version.rawValue)"), .init(name: "transport", value: "websocket")] + query
        handshake = HandshakeRequest(
            target: "/socket.io/?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&"),
            query: query,
            headers: headers,
            remoteAddress: address,
            isSecure: isSecure,
            time: loop.now
        )
    }

    /// Connects to a server.
    public func open(on server: some EngineApplication) {
        manualLoop.turn { handler = server.receiveConnection(self) }
    }

    /// Keeps a message; called by the server.
    public func send(_ message: EncodedMessage) {
        loop.preconditionInLoop()
        guard !isClosed else { return }
        sentMessages.append(message)
        if let left = messagesUntilFull { isWritable = sentMessages.count % left != 0 }
        if message.isBinary {
            sent.append(.binary(Array(message.payload.readableBytesView)))
        } else {
            sent.append(.text(String(buffer: message.packet)))
        }
        onMessage?(message)
    }

    /// Ends the connection; called by the server.
    public func close(_ reason: EngineCloseReason) {
        loop.preconditionInLoop()
        end(reason)
    }

    /// The connection is lost, in a turn that the test has begun.
    public func end(_ reason: EngineCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        sent.append(.closed)
        let handler = self.handler
        self.handler = nil
        handler?.connectionClosed(reason)
    }

    /// The client takes more.
    public func becomeWritable() {
        isWritable = true
        bufferedBytes = 0
        manualLoop.turn { handler?.connectionBecameWritable() }
    }

    /// The client moves to another transport.
    public func change(to transport: EngineTransport) {
        self.transport = transport
        manualLoop.turn { handler?.transportChanged(to: transport) }
    }

    /// The client sends messages, each in a turn of its own.
    public func receive(_ messages: Message...) {
        for message in messages { manualLoop.turn { receiveInTurn(message) } }
    }

    /// The client sends a message that is a part of what was read.
    public func receive(_ message: EngineMessage) {
        manualLoop.turn { handler?.receive(message) }
    }

    /// The client sends messages in a turn that the test has begun.
    public func receiveInTurn(_ messages: Message...) {
        for message in messages {
            switch message {
            case .text(let text): handler?.receive(.text(ByteBuffer(string: String(text.dropFirst()))))
            case .binary(let bytes): handler?.receive(.binary(ByteBuffer(bytes: bytes)))
            case .closed: end(.transportClose)
            }
        }
    }

    /// What was sent since the last call.
    public func takeSent() -> [Message] {
        defer { sent = [] }
        return sent
    }
}
