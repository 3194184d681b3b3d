import EngineIO
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
    var placeholders: ArraySlice<Placeholder> {
        guard let attachments else { return [] }
        let all = attachments.placeholders
        return all[all.firstIndex(from: offset)..<all.firstIndex(from: offset + json.readableBytes)]
    }

    /// The binary value, if that is what the argument is.
    var binary: ByteBuffer? {
        guard let attachments, let placeholder = placeholders.first, placeholder.range.lowerBound == offset else {
            return nil
        }
        return attachments.buffers[placeholder.attachment]
    }

    /// How many bytes it has, with its binary values.
    package var byteCount: Int {
        (attachments?.buffers ?? []).reduce(json.readableBytes) { $0 + $1.readableBytes }
    }

    /// Decodes the argument.
    /// - Throws: A `DecodingError` or ``ArgumentError``.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try ArgumentDecoding.decode(type, from: self)
    }
}

extension RawArgument {
    /// Takes JSON text as it is, for arguments that an application passes through without decoding them.
    /// - Parameters:
    ///   - json: One JSON value as UTF-8.
    ///   - binaryValues: What stands for the placeholder objects `{"_placeholder":true,"num":n}` in it, by their `num`.
    /// - Throws: What is wrong with `json`, or with a placeholder in it.
    public init(json: ByteBuffer, binaryValues: [ByteBuffer] = []) throws {
        guard json.isValidUTF8 else { throw PacketError.malformedJSON }
        try JSONScanner.validate(json.readableBytesUInt8Span)
        let attachments = try binaryValues.isEmpty ? nil : Attachments(binaryValues, text: json, from: 0)
        self.init(json: json, offset: 0, attachments: attachments)
    }

    /// Takes JSON text as it is.
    /// - Throws: What is wrong with it.
    public init(json: String) throws {
        try self.init(json: ByteBuffer(string: json))
    }

    /// Encodes a value once, for any number of events.
    /// - Throws: What the value's own `encode(to:)` throws.
    public init(encoding value: some Encodable) throws {
        var writer = ArgumentWriter()
        try writer.writeValue(value)
        try self.init(json: writer.buffer, binaryValues: writer.attachments)
    }
}

extension RawArgument: Codable {
    /// Takes any value and keeps its JSON text.
    public init(from decoder: any Decoder) throws {
        try self.init(encoding: JSONValue(from: decoder))
    }

    /// Encodes the value.
    /// - Throws: `EncodingError` when the name of a member has half of a surrogate pair.
    public func encode(to encoder: any Encoder) throws {
        guard let value = JSONValue(self) else {
            let context = EncodingError.Context(
                codingPath: encoder.codingPath,
                debugDescription: "the name of a member has half of a surrogate pair"
            )
            throw EncodingError.invalidValue(self, context)
        }
        try value.encode(to: encoder)
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

    /// The same messages without what else they were read with.
    init(keeping other: Attachments) {
        buffers = other.buffers.map(\.kept)
        placeholders = other.placeholders
    }
}

extension [Placeholder] {
    /// The index of the first placeholder that begins at `position` or later; they are in the order of the text.
    fileprivate func firstIndex(from position: Int) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if self[middle].range.lowerBound < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
