import FoundationEssentials
import NIOCore

/// Decodes raw arguments: common types directly, everything else through `JSONDecoder`.
enum ArgumentDecoding {
    /// The argument is JSON of another kind than the type needs.
    struct Mismatch: Error {}

    /// How deep the text may be nested where Foundation decodes it, which takes some kilobytes of stack for each level.
    private static let greatestDepth = 64

    /// Decodes `argument` as a value of `type`.
    static func decode<Value: Decodable>(_ type: Value.Type, from argument: RawArgument) throws -> Value {
        if type == String.self { return try same(JSONText.string(argument.json.readableBytesUInt8Span)) }
        if type == Int.self { return try integer(Int.self, argument) }
        if type == Bool.self { return try same(bool(argument.json)) }
        if type == Double.self { return try same(JSONText.double(argument.json)) }
        if type == RawArgument.self { return try same(argument) }
        if type == JSONValue.self { return try same(JSONValue(argument)) }
        if type == ByteBuffer.self { return try same(argument.binary) }
        if type == Data.self { return try same(argument.binary.map { Data($0.readableBytesView) }) }
        if type == Int64.self { return try integer(Int64.self, argument) }
        if type == UInt64.self { return try integer(UInt64.self, argument) }
        if type == Int32.self { return try integer(Int32.self, argument) }
        if type == UInt32.self { return try integer(UInt32.self, argument) }
        return try decodeWithDecoder(type, from: argument)
    }

    /// Returns `value` as the type it is known to be; unlike a dynamic cast this costs nothing.
    ///
    /// Inlined, so that `Known` is a type the compiler knows.
    @inline(__always)
    private static func same<Known, Value>(_ value: Known?) throws -> Value {
        guard let value else { throw Mismatch() }
        precondition(Known.self == Value.self)
        return unsafeBitCast(value, to: Value.self)
    }

    private static func integer<Integer: FixedWidthInteger & Decodable, Value: Decodable>(
        _ type: Integer.Type,
        _ argument: RawArgument
    ) throws -> Value {
        if let integer = JSONText.integer(argument.json, as: type) { return try same(integer) }
        // `1e3` and `1.0` are integers too.
        return try same(decodeWithDecoder(type, from: argument))
    }

    private static func bool(_ json: ByteBuffer) -> Bool? {
        switch json.readableBytes {
        case 4 where JSONScanner.matches("true", json.readableBytesUInt8Span, at: 0): true
        case 5 where JSONScanner.matches("false", json.readableBytesUInt8Span, at: 0): false
        default: nil
        }
    }

    private static func decodeWithDecoder<Value: Decodable>(
        _ type: Value.Type,
        from argument: RawArgument
    ) throws -> Value {
        let bytes = argument.json.readableBytesUInt8Span
        // Brackets that match take two bytes a level.
        if bytes.count > 2 * greatestDepth { try JSONScanner.validate(bytes, depth: greatestDepth) }
        let buffers = argument.attachments?.buffers ?? []
        let decoder = JSONDecoder()
        decoder.dataDecodingStrategy = .custom { decoder in
            let placeholder = try PlaceholderObject(from: decoder)
            guard placeholder.isPlaceholder, buffers.indices.contains(placeholder.number) else { throw Mismatch() }
            return Data(buffers[placeholder.number].readableBytesView)
        }
        decoder.dateDecodingStrategy = .custom { decoder in
            try JavaScriptDate.date(decoder.singleValueContainer().decode(String.self))
        }
        return try decoder.decode(type, from: Data(argument.json.readableBytesView))
    }
}

/// The object that stands for an attachment.
struct PlaceholderObject: Codable {
    var isPlaceholder = true
    var number: Int

    private enum CodingKeys: String, CodingKey {
        case isPlaceholder = "_placeholder"
        case number = "num"
    }
}
