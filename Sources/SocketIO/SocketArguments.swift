public import NIOCore

/// The arguments of an event or acknowledgement, not yet decoded.
///
/// The JSON text stays as the client sent it, and binary values stay beside it, until somebody asks for a type.
/// Arguments that are only passed on are never decoded.
public struct SocketArguments: Sendable {
    /// The whole payload: an array, which for an event begins with its name.
    let payload: ByteBuffer
    /// Where the arguments stand in ``payload``.
    let elements: ArraySlice<Range<Int>>
    let attachments: Attachments?

    /// No arguments.
    public init() {
        payload = ByteBuffer()
        elements = []
        attachments = nil
    }

    init(payload: ByteBuffer, elements: ArraySlice<Range<Int>>, attachments: Attachments? = nil) {
        self.payload = payload
        self.elements = elements
        self.attachments = attachments
    }

    /// How many arguments there are.
    public var count: Int { elements.count }

    /// Whether there are no arguments.
    public var isEmpty: Bool { elements.isEmpty }

    /// The argument at `index`, or `nil` when there are fewer.
    public subscript(index: Int) -> RawArgument? {
        guard index >= 0, index < elements.count else { return nil }
        let range = elements[elements.startIndex + index]
        guard let json = payload.getSlice(at: payload.readerIndex + range.lowerBound, length: range.count) else {
            return nil
        }
        return RawArgument(json: json, offset: range.lowerBound, attachments: attachments)
    }

    /// Decodes one argument.
    /// - Parameters:
    ///   - type: What to decode it as.
    ///   - index: Which argument, from zero.
    /// - Returns: The value; `nil` of an optional type when there are too few arguments.
    /// - Throws: ``ArgumentError``.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self, at index: Int = 0) throws -> Value {
        guard let argument = self[index] else {
            do {
                return try ArgumentDecoding.decode(type, from: .null)
            } catch {
                throw ArgumentError(reason: .missing, index: index, expected: "\(type)")
            }
        }
        do {
            return try ArgumentDecoding.decode(type, from: argument)
        } catch {
            throw ArgumentError(reason: .mismatch(detail: "\(error)"), index: index, expected: "\(type)")
        }
    }

    /// How many bytes the arguments occupy.
    var byteCount: Int {
        (attachments?.buffers ?? []).reduce(payload.readableBytes) { $0 + $1.readableBytes }
    }

    /// The text of all arguments with the commas between them, and where it begins in ``payload``.
    var joined: (json: ByteBuffer, offset: Int) {
        guard let first = elements.first, let last = elements.last,
            let json = payload.getSlice(
                at: payload.readerIndex + first.lowerBound,
                length: last.upperBound - first.lowerBound
            )
        else { return (ByteBuffer(), 0) }
        return (json, first.lowerBound)
    }
}

/// One argument of an event, not yet decoded: JSON text, and the binary values that belong to it.
///
/// It can be decoded later, or emitted again as it is.
public struct RawArgument: Sendable {
    /// The JSON text; binary values are placeholder objects in it.
    public let json: ByteBuffer

    /// Where ``json`` begins in the payload that ``Attachments/placeholders`` refer to.
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
        let attachments = try buffers.isEmpty ? nil : Attachments(buffers, payload: text)
        self.init(json: text, offset: 0, attachments: attachments)
    }

    /// Encodes the value.
    public func encode(to encoder: any Encoder) throws {
        try JSONValue(self).encode(to: encoder)
    }
}

/// The binary messages of a packet and where its payload refers to them.
final class Attachments: Sendable {
    let buffers: [ByteBuffer]
    let placeholders: [Placeholder]

    /// Matches the messages with the placeholders of `payload`.
    init(_ buffers: [ByteBuffer], payload: ByteBuffer) throws(PacketError) {
        self.buffers = buffers
        placeholders = try Placeholder.find(in: payload, attachmentCount: buffers.count)
    }
}

/// An argument is missing or of another type than the handler asked for.
public struct ArgumentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the argument.
    public enum Reason: Sendable, Equatable {
        /// There are fewer arguments.
        case missing
        /// The argument can't be decoded as the type.
        case mismatch(detail: String)
    }

    /// What is wrong.
    public var reason: Reason
    /// Which argument, from zero.
    public var index: Int
    /// The type that was asked for.
    public var expected: String

    /// A sentence for the log.
    public var description: String {
        switch reason {
        case .missing: "argument \(index) (\(expected)) is missing"
        case .mismatch(let detail): "argument \(index) is not \(expected): \(detail)"
        }
    }
}
