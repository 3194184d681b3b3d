public import NIOCore

/// One argument of an event, not yet decoded: JSON text, and the binary values that belong to it.
///
/// It can be decoded later, or emitted again as it is.
public struct RawArgument: Sendable {
    /// The JSON text; binary values are placeholder objects in it.
    public let json: ByteBuffer

    /// Where ``json`` begins in the text that ``Attachments/placeholders`` refer to.
    let offset: Int
    let attachments: Attachments?

    static let null = RawArgument(json: ByteBuffer(string: "null"), offset: 0, attachments: nil)
    static let emptyObject = RawArgument(json: ByteBuffer(string: "{}"), offset: 0, attachments: nil)

    /// The placeholders within this argument.
    var placeholders: [Placeholder] {
        guard let attachments else { return [] }
        let range = offset..<(offset + json.readableBytes)
        return attachments.placeholders.filter { range.contains($0.range.lowerBound) }
    }

    /// The binary value, if that is what the argument is.
    var binary: ByteBuffer? {
        guard let attachments,
            let placeholder = attachments.placeholders.first(where: { $0.range.lowerBound == offset })
        else { return nil }
        return attachments.buffers[placeholder.attachment]
    }

    /// Decodes the argument.
    /// - Throws: A `DecodingError` or ``ArgumentError``.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try ArgumentDecoding.decode(type, from: self)
    }
}

extension RawArgument: Codable {
    /// Takes any value and keeps its JSON text.
    public init(from decoder: any Decoder) throws {
        var writer = ArgumentWriter()
        try writer.writeValue(JSONValue(from: decoder))
        let text = writer.buffer
        let buffers = writer.attachments
        let attachments = try buffers.isEmpty ? nil : Attachments(buffers, text: text, from: 0)
        self.init(json: text, offset: 0, attachments: attachments)
    }

    /// Encodes the value.
    public func encode(to encoder: any Encoder) throws {
        try JSONValue(self).encode(to: encoder)
    }
}

/// The binary messages of a packet and where its text refers to them.
final class Attachments: Sendable {
    let buffers: [ByteBuffer]
    let placeholders: [Placeholder]

    /// Matches the messages with the placeholders of the payload that begins at `start` in `text`.
    init(_ buffers: [ByteBuffer], text: ByteBuffer, from start: Int) throws(PacketError) {
        self.buffers = buffers
        placeholders = try Placeholder.find(in: text, from: start, attachmentCount: buffers.count)
    }
}
