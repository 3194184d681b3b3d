import EngineIO
import NIOCore

/// A Socket.IO packet apart from how it is written: what a ``Parser`` works with.
public struct SocketPacket: Sendable {
    /// What the packet says.
    public enum Content: Sendable {
        /// From a client: it joins the namespace, with the object that it sends to authenticate itself.
        /// From the server: it has joined, with an object that names its socket.
        case connect(RawArgument?)
        /// The end in the namespace.
        case disconnect
        /// An event, its name apart from its arguments.
        case event(String, SocketArguments)
        /// The answer to the event of the same ``SocketPacket/id``.
        case acknowledgement(SocketArguments)
        /// From the server: the client was refused, with an object that says why, or a string for protocol 3.
        case connectError(RawArgument)
    }

    /// What the packet says.
    public var content: Content

    /// The namespace, with its leading slash.
    ///
    /// A name from a client that does not begin with a slash or has a comma in it closes the connection.
    public var namespace: String

    /// The id of an acknowledgement, or of an event that is to be acknowledged.
    public var id: UInt64?

    /// Makes a packet.
    public init(_ content: Content, namespace: String = "/", id: UInt64? = nil) {
        self.content = content
        self.namespace = namespace
        self.id = id
    }
}

extension SocketPacket {
    /// Takes apart what this server has encoded as JSON.
    init(_ packet: OutgoingPacket) throws {
        let buffers = packet.attachments.map(\.payload)
        var parts = try Packet(packet.message.payload, limits: ParserLimits(maxAttachments: buffers.count))
        if parts.type.isBinary { try parts.attach(buffers) }
        let arguments = parts.arguments
        let payload = parts.payload
        let value = payload.readableBytes == 0 ? nil : RawArgument(json: payload, offset: 0, attachments: nil)
        let content: Content =
            switch parts.type {
            case .connect: .connect(value)
            case .disconnect: .disconnect
            case .event, .binaryEvent: .event(arguments.eventName, arguments)
            case .acknowledgement, .binaryAcknowledgement: .acknowledgement(arguments)
            case .connectError: .connectError(value ?? .null)
            }
        self.init(content, namespace: parts.namespace.map { String(buffer: $0) } ?? "/", id: parts.id)
    }
}

extension Packet {
    /// Checks what a ``PacketDecoder`` has decoded, by the rules for what comes as JSON.
    static func checked(
        _ packet: SocketPacket,
        limits: ParserLimits,
        allowsQuery: Bool
    ) throws(PacketError) -> Packet {
        // A comma would end the name where packets are written as JSON.
        guard packet.namespace.utf8.first == UInt8(ascii: "/"), !packet.namespace.utf8.contains(UInt8(ascii: ","))
        else { throw .malformedNamespace }
        let encoded: OutgoingPacket
        do {
            encoded = try OutgoingPacket(json: packet)
        } catch {
            preconditionFailure("raw arguments can always be encoded: \(error)")
        }
        var parts = try Packet(
            encoded.message.payload,
            limits: limits,
            allowsQuery: allowsQuery
        )
        if parts.type.isBinary { try parts.attach(encoded.attachments.map(\.payload)) }
        return parts
    }
}

extension OutgoingPacket {
    /// A parser made no message of a packet.
    struct Empty: Error {}

    /// Takes what a ``Parser`` has encoded.
    init(_ messages: [EncodedMessage]) throws(Empty) {
        guard let first = messages.first else { throw Empty() }
        self.init(message: first, attachments: Array(messages.dropFirst()))
    }

    /// Encodes a packet as JSON.
    fileprivate init(json packet: SocketPacket) throws {
        let prefix = packet.namespace == "/" ? "" : packet.namespace + ","
        switch packet.content {
        case .connect(let auth): self = .bare(.connect, prefix: prefix, auth)
        case .disconnect: self = .bare(.disconnect, prefix: prefix, nil)
        case .connectError(let value): self = .bare(.connectError, prefix: prefix, value)
        case .event(let name, let arguments):
            self = try .event(name, prefix: prefix, id: packet.id) { $0.writeElements(of: arguments) }
        case .acknowledgement(let arguments):
            self = try .acknowledgement(packet.id, prefix: prefix) { $0.writeList(arguments) }
        }
    }

    private static func bare(_ type: PacketType, prefix: String, _ value: RawArgument?) -> Self {
        let message = EncodedMessage.text { buffer in
            buffer.writeInteger(type.rawValue)
            buffer.writeString(prefix)
            if let value { buffer.writeImmutableBuffer(value.json) }
        }
        return Self(message: message, attachments: [])
    }
}
