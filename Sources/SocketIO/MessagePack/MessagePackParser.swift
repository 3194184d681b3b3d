public import EngineIO
import NIOCore

/// The parser of `socket.io-msgpack-parser` 3: each packet is one binary message, binary values included.
///
/// A packet is a MessagePack map `{type, data, nsp, id}` with the types 0 to 4. What MessagePack has and JSON has not
/// reaches handlers as JavaScript's `toJSON` would write it: dates as ISO 8601 text, `undefined` as `null`.
public struct MessagePackParser: Parser {
    /// Makes a parser.
    public init() {}

    /// Encodes a packet as `notepack.io` 2 does.
    public func encode(_ packet: SocketPacket) -> [EncodedMessage] {
        var writer = MessagePackWriter()
        let hasData = if case .disconnect = packet.content { false } else { true }
        writer.writeMapHeader(2 + (hasData ? 1 : 0) + (packet.id == nil ? 0 : 1))
        writer.write("type")
        writer.write(UInt64(PacketKind(packet.content).rawValue))
        if hasData {
            writer.write("data")
            Self.writeData(packet.content, to: &writer)
        }
        writer.write("nsp")
        writer.write(packet.namespace)
        if let id = packet.id {
            writer.write("id")
            writer.write(id)
        }
        return [.binary(writer.buffer)]
    }

    private static func writeData(_ content: SocketPacket.Content, to writer: inout MessagePackWriter) {
        switch content {
        case .connect(let value): writer.write(value ?? .emptyObject)
        case .connectError(let value): writer.write(value)
        case .disconnect: break
        case .event(let name, let arguments):
            writer.writeArrayHeader(arguments.count + 1)
            writer.write(name)
            for argument in arguments.all { writer.write(argument) }
        case .acknowledgement(let arguments):
            writer.writeArrayHeader(arguments.count)
            for argument in arguments.all { writer.write(argument) }
        }
    }

    /// Makes the decoder of a connection.
    public func makeDecoder(limits: ParserLimits) -> any PacketDecoder { Decoder(limits: limits) }

    fileprivate struct Decoder: PacketDecoder {
        let limits: ParserLimits

        func receive(_ message: EngineMessage) throws -> SocketPacket? {
            guard case .binary(let bytes) = message else { throw MessagePackError.notBinary }
            return try Self.packet(bytes, limits)
        }
    }
}

/// The numbers of the packet types, which MessagePack carries as integers.
private enum PacketKind: Int {
    case connect
    case disconnect
    case event
    case acknowledgement
    case connectError

    init(_ content: SocketPacket.Content) {
        switch content {
        case .connect: self = .connect
        case .disconnect: self = .disconnect
        case .event: self = .event
        case .acknowledgement: self = .acknowledgement
        case .connectError: self = .connectError
        }
    }
}

extension MessagePackParser.Decoder {
    /// The members of a packet's map, as JSON.
    private struct Members {
        var type: ArgumentWriter?
        var data: ArgumentWriter?
        var namespace: ArgumentWriter?
        var id: ArgumentWriter?
    }

    fileprivate static func packet(_ bytes: ByteBuffer, _ limits: ParserLimits) throws -> SocketPacket {
        var reader = MessagePackReader(bytes, limits: limits)
        var members = Members()
        for _ in 0..<(try reader.readMapHeader()) {
            let key = try reader.readKey()
            let value = try reader.readValue()
            switch key {
            case "type": members.type = value
            case "data": members.data = value
            case "nsp": members.namespace = value
            case "id": members.id = value
            // Clients send their own flags along.
            default: break
            }
        }
        try reader.finish()
        return try packet(members)
    }

    private static func packet(_ members: Members) throws(MessagePackError) -> SocketPacket {
        guard let type = members.type.flatMap({ JSONText.integer($0.buffer, as: Int.self) }),
            let kind = PacketKind(rawValue: type)
        else { throw .invalidPacket("type") }
        guard let namespace = members.namespace.flatMap({ JSONText.string($0.buffer.readableBytesUInt8Span) })
        else { throw .invalidPacket("nsp") }
        let id = present(members.id).map { JSONText.integer($0.buffer, as: UInt64.self) }
        guard id != .some(nil) else { throw .invalidPacket("id") }
        let content: SocketPacket.Content
        do {
            content = try Self.content(kind, present(members.data))
        } catch {
            throw .invalidPacket("data: \(error)")
        }
        return SocketPacket(content, namespace: namespace, id: id ?? nil)
    }

    /// A member that is neither missing nor `undefined` or `nil`.
    private static func present(_ member: ArgumentWriter?) -> ArgumentWriter? {
        member.flatMap { $0.buffer.readableBytesView.elementsEqual("null".utf8) ? nil : $0 }
    }

    private static func content(
        _ kind: PacketKind,
        _ data: ArgumentWriter?
    ) throws -> SocketPacket.Content {
        let json = data?.buffer ?? ByteBuffer()
        let binaryValues = data?.attachments ?? []
        switch kind {
        case .connect: return .connect(try data.map { _ in try RawArgument(json: json, binaryValues: binaryValues) })
        case .disconnect:
            guard data == nil else { throw PacketError.unexpectedPayload }
            return .disconnect
        case .event:
            let arguments = try SocketArguments(event: json, binaryValues: binaryValues)
            return .event(arguments.eventName, arguments)
        case .acknowledgement:
            return .acknowledgement(try SocketArguments(json: json, binaryValues: binaryValues))
        case .connectError: return .connectError(try RawArgument(json: json, binaryValues: binaryValues))
        }
    }
}
