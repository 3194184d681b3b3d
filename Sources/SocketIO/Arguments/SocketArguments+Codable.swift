import EngineIO
import FoundationEssentials
public import NIOCore

extension SocketArguments {
    /// Makes arguments of values.
    /// - Throws: What a value's own `encode(to:)` throws.
    public init<each Argument: Encodable>(encoding arguments: repeat each Argument) throws {
        try self.init { writer in repeat try writer.writeElement(each arguments) }
    }

    /// Makes arguments of what `write` writes, each with a comma before it.
    init(_ write: (inout ArgumentWriter) throws -> Void) throws {
        var writer = ArgumentWriter()
        try write(&writer)
        var json = writer.buffer
        if json.readableBytes == 0 { json.writeInteger(UInt8(ascii: ",")) }
        json.setInteger(UInt8(ascii: "["), at: json.readerIndex)
        json.writeInteger(UInt8(ascii: "]"))
        try self.init(json: json, binaryValues: writer.attachments)
    }

    /// Makes arguments of what ``serialized`` gave, or of JSON that an application has anyway.
    /// - Parameters:
    ///   - json: An array, as UTF-8.
    ///   - binaryValues: What stands for the placeholder objects `{"_placeholder":true,"num":n}` in it, by their `num`.
    /// - Throws: What is wrong with `json`, or with a placeholder in it.
    public init(json: ByteBuffer, binaryValues: [ByteBuffer] = []) throws {
        guard json.isValidUTF8 else { throw PacketError.malformedJSON }
        let elements = try JSONScanner.splitArray(json.readableBytesUInt8Span, from: 0)
        self.init(text: json, elements: elements, nameKey: .none)
        if !binaryValues.isEmpty { attachments = try Attachments(binaryValues, text: json, from: 0) }
    }

    /// Makes the arguments of an event of an array that begins with its name.
    init(event json: ByteBuffer, binaryValues: [ByteBuffer]) throws(PacketError) {
        let bytes = json.readableBytesUInt8Span
        let elements = try JSONScanner.splitArray(bytes, from: 0)
        self.init(text: json, elements: elements, nameKey: try Packet.name(bytes, elements))
        if !binaryValues.isEmpty { attachments = try Attachments(binaryValues, text: json, from: 0) }
    }

    /// The arguments as an array, with a placeholder object for each binary value, and these values by their `num`.
    public var serialized: (json: ByteBuffer, binaryValues: [ByteBuffer]) {
        var writer = ArgumentWriter()
        writer.buffer.writeInteger(UInt8(ascii: "["))
        writer.writeList(self)
        writer.buffer.writeInteger(UInt8(ascii: "]"))
        return (writer.buffer, writer.attachments)
    }
}

extension SocketArguments: Codable {
    private enum CodingKeys: String, CodingKey {
        case json
        case binaryValues
    }

    /// Takes what `encode(to:)` wrote.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let binaryValues = try container.decodeIfPresent([Data].self, forKey: .binaryValues) ?? []
        try self.init(
            json: ByteBuffer(string: container.decode(String.self, forKey: .json)),
            binaryValues: binaryValues.map { ByteBuffer(bytes: $0) }
        )
    }

    /// Writes the JSON text as a string, and the binary values as `Data`.
    public func encode(to encoder: any Encoder) throws {
        let (json, binaryValues) = serialized
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(String(buffer: json), forKey: .json)
        guard !binaryValues.isEmpty else { return }
        try container.encode(binaryValues.map { Data($0.readableBytesView) }, forKey: .binaryValues)
    }
}
