import FoundationEssentials
public import NIOCore

/// A JSON value of any kind, or binary data among JSON.
///
/// For events whose shape is not known beforehand; a `Codable` type is faster and safer where it is.
///
/// Halves of surrogate pairs, which JavaScript's strings may have, become U+FFFD. An argument in which the name of a
/// member has one is not decoded, because names that the client keeps apart would be one; ``RawArgument`` takes it.
public enum JSONValue: Sendable, Equatable {
    /// The literal `null`.
    case null
    /// A Boolean.
    case bool(Bool)
    /// A number without fraction that fits `Int`.
    case int(Int)
    /// Any other number.
    case double(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; the order of its members is not kept.
    case object(JSONObject)
    /// Binary data, which travels as an attachment.
    case binary(ByteBuffer)
}

extension JSONValue: Codable {
    /// Decodes whatever value there is.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? container.decode(Int.self) {
            self = .int(integer)
        } else if let double = try? container.decode(Double.self) {
            self = .double(double)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let elements = try? container.decode([JSONValue].self) {
            self = .array(elements)
        } else if let data = try? container.decode(Data.self) {
            self = .binary(ByteBuffer(bytes: data))
        } else {
            self = .object(JSONObject(try container.decode([String: JSONValue].self)))
        }
    }

    /// Encodes the value; binary data as `Data`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .int(let integer): try container.encode(integer)
        case .double(let double): try container.encode(double)
        case .string(let string): try container.encode(string)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members.dictionary)
        case .binary(let bytes): try container.encode(Data(bytes.readableBytesView))
        }
    }
}

extension JSONValue {
    /// Decodes a raw argument; `nil` when the name of a member has half of a surrogate pair.
    init?(_ argument: RawArgument) {
        var parser = JSONValueParser(argument)
        self = parser.value()
        if parser.hasAmbiguousName { return nil }
    }

    /// Appends the JSON text where no attachment can follow; binary data becomes a placeholder without attachment.
    func write(to buffer: inout ByteBuffer) {
        var writer = ArgumentWriter()
        swap(&writer.buffer, &buffer)
        writer.writeJSON(self)
        swap(&writer.buffer, &buffer)
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes `null`.
    public init(nilLiteral: ()) { self = .null }

    /// Makes a Boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// Makes an integer.
    public init(integerLiteral value: Int) { self = .int(value) }

    /// Makes a number.
    public init(floatLiteral value: Double) { self = .double(value) }

    /// Makes a string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// Makes an array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// Makes an object; of several members with one name the last counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

/// Builds values from JSON text that has been validated.
///
/// It recurses, at most ``JSONScanner/greatestDepth`` deep, because nothing nested deeper passes validation.
private struct JSONValueParser {
    private let argument: RawArgument
    /// Those that were not reached, in the order of the text.
    private var placeholders: ArraySlice<Placeholder>
    private var position = 0
    /// Whether there was a name that can't be told from others.
    private(set) var hasAmbiguousName = false

    init(_ argument: RawArgument) {
        self.argument = argument
        placeholders = argument.placeholders
    }

    private var next: UInt8? { JSONScanner.byte(argument.json.readableBytesUInt8Span, position) }

    private mutating func skipWhitespace() {
        let json = argument.json
        JSONScanner.skipWhitespace(json.readableBytesUInt8Span, &position)
    }

    mutating func value() -> JSONValue {
        if let placeholder = placeholders.first, placeholder.range.lowerBound - argument.offset == position,
            let buffers = argument.attachments?.buffers
        {
            placeholders.removeFirst()
            position = placeholder.range.upperBound - argument.offset
            return .binary(buffers[placeholder.attachment])
        }
        switch next {
        case UInt8(ascii: "{"): return .object(members())
        case UInt8(ascii: "["): return .array(elements())
        case UInt8(ascii: "\""): return JSONText.string(text().readableBytesUInt8Span).map(JSONValue.string) ?? .null
        case UInt8(ascii: "t"):
            position += 4
            return .bool(true)
        case UInt8(ascii: "f"):
            position += 5
            return .bool(false)
        case UInt8(ascii: "n"):
            position += 4
            return .null
        default:
            let number = text()
            if let integer = JSONText.integer(number, as: Int.self) { return .int(integer) }
            return JSONText.double(number).map(JSONValue.double) ?? .null
        }
    }

    /// The text of the value at the position, and moves behind it.
    private mutating func text() -> ByteBuffer {
        let json = argument.json
        let start = position
        do {
            try JSONScanner.skipValue(json.readableBytesUInt8Span, &position)
        } catch {
            position = json.readableBytes
        }
        return json.getSlice(at: json.readerIndex + start, length: position - start) ?? ByteBuffer()
    }

    private mutating func elements() -> [JSONValue] {
        var elements: [JSONValue] = []
        while advance(until: UInt8(ascii: "]")) {
            elements.append(value())
        }
        return elements
    }

    private mutating func members() -> JSONObject {
        var members = JSONObject()
        while advance(until: UInt8(ascii: "}")) {
            let key = JSONText.memberName(text().readableBytesUInt8Span)
            if key == nil { hasAmbiguousName = true }
            skipWhitespace()
            position += 1
            skipWhitespace()
            members[key ?? ""] = value()
        }
        return members
    }

    /// Moves over the bracket or comma to the next element; `false` behind `end`.
    private mutating func advance(until end: UInt8) -> Bool {
        skipWhitespace()
        guard let byte = next else { return false }
        position += 1
        if byte == end { return false }
        skipWhitespace()
        guard next != end else {
            position += 1
            return false
        }
        return next != nil
    }
}
