import FoundationEssentials
import NIOCore

/// Writes arguments as JSON, and collects the binary values among them.
struct ArgumentWriter {
    /// The text so far.
    var buffer: ByteBuffer
    /// The binary values so far, in the order of their placeholders.
    private(set) var attachments: [ByteBuffer] = []

    /// Begins with an empty text, or behind what `buffer` holds.
    init(buffer: ByteBuffer = ByteBuffer()) {
        self.buffer = buffer
    }

    /// Appends a comma and a value.
    mutating func writeElement(_ value: some Encodable) throws {
        buffer.writeInteger(UInt8(ascii: ","))
        try writeValue(value)
    }

    /// Appends a value, and a comma before it unless it is the first.
    mutating func writeElement(_ value: some Encodable, _ isFirst: inout Bool) throws {
        if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
        isFirst = false
        try writeValue(value)
    }

    /// Appends a comma and all of `arguments`, as they are; nothing when there are none.
    mutating func writeElements(of arguments: SocketArguments) {
        guard !arguments.isEmpty else { return }
        buffer.writeInteger(UInt8(ascii: ","))
        writeList(arguments)
    }

    /// Appends all of `arguments`, as they are, with commas between them.
    mutating func writeList(_ arguments: SocketArguments) {
        if arguments.attachments == nil {
            copy(arguments.text, arguments.joinedRange)
        } else if let joined = arguments.joined {
            writeRaw(joined)
        }
    }

    /// Appends a value: common types directly, everything else through `JSONEncoder`.
    /// - Throws: What the value's own `encode(to:)` throws.
    mutating func writeValue<Value: Encodable>(_ value: Value) throws {
        let type = Value.self
        if type == String.self {
            JSONText.write(known(value, as: String.self), to: &buffer)
        } else if type == Int.self {
            JSONText.write(known(value, as: Int.self), to: &buffer)
        } else if type == Bool.self {
            buffer.writeString(known(value, as: Bool.self) ? "true" : "false")
        } else if type == Double.self {
            JSONText.write(known(value, as: Double.self), to: &buffer)
        } else if type == RawArgument.self {
            writeRaw(known(value, as: RawArgument.self))
        } else if type == JSONValue.self {
            writeJSON(known(value, as: JSONValue.self))
        } else if type == ByteBuffer.self {
            writeBinary(known(value, as: ByteBuffer.self))
        } else if type == Data.self {
            writeBinary(ByteBuffer(bytes: known(value, as: Data.self)))
        } else if type == Int64.self {
            JSONText.write(known(value, as: Int64.self), to: &buffer)
        } else if type == UInt64.self {
            JSONText.write(known(value, as: UInt64.self), to: &buffer)
        } else {
            try writeWithEncoder(value)
        }
    }

    /// Reads `value` as the type it was found to be; unlike a dynamic cast this costs nothing.
    @inline(__always)
    private func known<Value, Known>(_ value: Value, as type: Known.Type) -> Known {
        precondition(Value.self == Known.self)
        return unsafeBitCast(value, to: Known.self)
    }

    /// Appends a binary value: the object that stands for it.
    mutating func writeBinary(_ bytes: ByteBuffer) {
        buffer.writeStaticString("{\"_placeholder\":true,\"num\":")
        JSONText.write(attachments.count, to: &buffer)
        buffer.writeStaticString("}")
        attachments.append(bytes)
    }

    /// Copies raw JSON; its placeholders are numbered anew.
    private mutating func writeRaw(_ argument: RawArgument) {
        let json = argument.json
        guard let source = argument.attachments, case let placeholders = argument.placeholders, !placeholders.isEmpty
        else {
            buffer.writeImmutableBuffer(json)
            return
        }
        var written = 0
        for placeholder in placeholders {
            let start = placeholder.range.lowerBound - argument.offset
            copy(json, written..<start)
            writeBinary(source.buffers[placeholder.attachment])
            written = placeholder.range.upperBound - argument.offset
        }
        copy(json, written..<json.readableBytes)
    }

    /// Copies a part of `text`; the range counts from its first readable byte.
    private mutating func copy(_ text: ByteBuffer, _ range: Range<Int>) {
        text.withUnsafeReadableBytes { source in
            let part = UnsafeRawBufferPointer(rebasing: source[range])
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: part.count) { target in
                target.copyMemory(from: part)
                return part.count
            }
        }
    }

    /// Appends a JSON value.
    mutating func writeJSON(_ value: JSONValue) {
        switch value {
        case .null: buffer.writeStaticString("null")
        case .bool(let bool): buffer.writeString(bool ? "true" : "false")
        case .int(let integer): JSONText.write(integer, to: &buffer)
        case .double(let double): JSONText.write(double, to: &buffer)
        case .string(let string): JSONText.write(string, to: &buffer)
        case .binary(let bytes): writeBinary(bytes)
        case .array(let elements):
            buffer.writeInteger(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                writeJSON(element)
            }
            buffer.writeInteger(UInt8(ascii: "]"))
        case .object(let members):
            buffer.writeInteger(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                JSONText.write(member.key, to: &buffer)
                buffer.writeInteger(UInt8(ascii: ":"))
                writeJSON(member.value)
            }
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }

    private mutating func writeWithEncoder(_ value: some Encodable) throws {
        let collector = AttachmentCollector(attachments)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        encoder.dataEncodingStrategy = .custom { data, encoder in
            try PlaceholderObject(number: collector.append(ByteBuffer(bytes: data))).encode(to: encoder)
        }
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            // `null` is what JavaScript writes for a date that it can't write.
            if let text = JavaScriptDate.string(date) { try container.encode(text) } else { try container.encodeNil() }
        }
        let text = try encoder.encode(value)
        buffer.writeBytes(text)
        attachments = collector.attachments
    }
}

/// Gathers the binary values that an encoder comes across.
///
/// Unchecked: used by one call of `JSONEncoder.encode`, on the thread of the caller.
private final class AttachmentCollector: @unchecked Sendable {
    private(set) var attachments: [ByteBuffer]

    init(_ attachments: [ByteBuffer]) {
        self.attachments = attachments
    }

    func append(_ bytes: ByteBuffer) -> Int {
        attachments.append(bytes)
        return attachments.count - 1
    }
}
