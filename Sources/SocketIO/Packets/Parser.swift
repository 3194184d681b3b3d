public import EngineIO

/// Turns packets into Engine.IO messages and back (the official server's `parser` option).
///
/// Clients must use the same one. Everything above works unchanged: the server checks what a parser has decoded like
/// what came as JSON, and a broadcast is still encoded once.
public protocol Parser: Sendable {
    /// Encodes a packet for the client.
    /// - Returns: The messages to send, in order; one at least.
    /// - Throws: What keeps the packet from being encoded; it is logged and nothing is sent.
    func encode(_ packet: SocketPacket) throws -> [EncodedMessage]

    /// Makes the decoder of a connection.
    func makeDecoder(limits: ParserLimits) -> any PacketDecoder
}

/// Puts the messages of one connection together to packets; a ``Parser`` makes it.
public protocol PacketDecoder {
    /// Takes a message from the client.
    /// - Returns: The packet that is complete with it; `nil` when more messages are to come.
    /// - Throws: What is wrong with the message; the connection is closed.
    mutating func receive(_ message: EngineMessage) throws -> SocketPacket?
}

/// What a client may send.
///
/// The server checks packets against the limits, so a decoder that knows them too only saves work.
public struct ParserLimits: Sendable {
    /// How many binary values a packet may carry; see ``SocketIOServer/Configuration/maxAttachments``.
    public let maxAttachments: Int

    /// How many arguments an event or acknowledgement may have; see ``SocketIOServer/Configuration/maxArguments``.
    public let maxArguments: Int

    /// How deep arrays and objects may be nested, the list of arguments included; see
    /// ``SocketIOServer/Configuration/maxNestingDepth``.
    public let maxDepth: Int

    init(maxAttachments: Int, maxArguments: Int = .max, maxDepth: Int = JSONScanner.greatestDepth) {
        self.maxAttachments = maxAttachments
        // With the name of an event there is one more.
        self.maxArguments = min(maxArguments, .max - 1)
        self.maxDepth = maxDepth
    }
}

/// How packets are written as messages (the official server's `parser` option).
public enum PacketFormat: Sendable {
    /// JSON with binary values as attachments: what clients speak unless told otherwise.
    case json
    /// A parser of one's own.
    case custom(any Parser)

    /// The format of `socket.io-msgpack-parser` 3: each packet is one binary message.
    public static let messagePack = Self.custom(MessagePackParser())
}

extension PacketFormat {
    /// Turns a packet that was encoded as JSON into this format.
    func convert(_ packet: consuming OutgoingPacket) throws -> OutgoingPacket {
        switch self {
        case .json: packet
        case .custom(let parser): try OutgoingPacket(parser.encode(SocketPacket(packet)))
        }
    }

    /// The decoder of a connection; `nil` for JSON.
    func makeDecoder(_ limits: ParserLimits) -> (any PacketDecoder)? {
        switch self {
        case .json: nil
        case .custom(let parser): parser.makeDecoder(limits: limits)
        }
    }
}
