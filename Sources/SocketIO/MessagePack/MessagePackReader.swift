import EngineIO
import NIOCore

/// Reads MessagePack and writes it as JSON with binary values beside it.
///
/// It accepts what both versions of `notepack.io` write: version 2 has extension 0 for `undefined`, dates and array
/// buffers, version 3 the timestamps of the standard (extension -1).
struct MessagePackReader {
    private var input: ByteBuffer
    private let limits: ParserLimits
    private var attachmentCount = 0

    init(_ input: ByteBuffer, limits: ParserLimits) {
        self.input = input
        self.limits = limits
    }

    /// Reads the beginning of a map and returns how many members follow.
    mutating func readMapHeader() throws(MessagePackError) -> Int {
        switch try byte() {
        case let first where first & 0xF0 == 0x80: return Int(first & 0x0F)
        case 0xDE: return Int(try integer(UInt16.self))
        case 0xDF: return Int(try integer(UInt32.self))
        default: throw .invalidPacket("not a map")
        }
    }

    /// Reads the key of a member.
    mutating func readKey() throws(MessagePackError) -> String {
        let literal = try readValue().buffer
        guard let key = JSONText.string(literal.readableBytesUInt8Span) else { throw .invalidKey }
        return key
    }

    /// Reads a value.
    mutating func readValue() throws(MessagePackError) -> ArgumentWriter {
        var writer = ArgumentWriter()
        try copyWhole(to: &writer)
        return writer
    }

    /// Checks that nothing follows.
    func finish() throws(MessagePackError) {
        guard input.readableBytes == 0 else { throw .trailingBytes }
    }

    private mutating func byte() throws(MessagePackError) -> UInt8 { try integer(UInt8.self) }

    private mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(MessagePackError) -> Integer {
        guard let integer = input.readInteger(as: Integer.self) else { throw .truncated }
        return integer
    }

    private mutating func slice(_ length: Int) throws(MessagePackError) -> ByteBuffer {
        guard let slice = input.readSlice(length: length) else { throw .truncated }
        return slice
    }

    // MARK: Values

    /// An array or map whose elements have not all been copied.
    private struct Container {
        let isMap: Bool
        var remaining: Int
        var isFirst = true
    }

    /// Copies a value with all that is in it; nothing recurses, so a peer can't exhaust the stack.
    private mutating func copyWhole(to writer: inout ArgumentWriter) throws(MessagePackError) {
        var open: [Container] = []
        repeat {
            if let container = try copyValue(to: &writer) {
                guard open.count < limits.maxDepth else { throw .nestedTooDeeply }
                writer.buffer.writeStaticString(container.isMap ? "{" : "[")
                open.append(container)
            }
            try closeContainers(&open, to: &writer)
        } while !open.isEmpty
    }

    /// Closes the containers that end here, and writes what stands before the next value.
    private mutating func closeContainers(
        _ open: inout [Container],
        to writer: inout ArgumentWriter
    ) throws(MessagePackError) {
        while var container = open.popLast() {
            guard container.remaining > 0 else {
                writer.buffer.writeStaticString(container.isMap ? "}" : "]")
                continue
            }
            if !container.isFirst { writer.buffer.writeStaticString(",") }
            container.isFirst = false
            container.remaining -= 1
            open.append(container)
            guard container.isMap else { return }
            try copyKey(to: &writer)
            writer.buffer.writeStaticString(":")
            return
        }
    }

    /// Copies a value without what is in it.
    /// - Returns: The array or map that has begun, if it is one.
    @discardableResult
    private mutating func copyValue(to writer: inout ArgumentWriter) throws(MessagePackError) -> Container? {
        let first = try byte()
        switch first {
        case ..<0x80: JSONText.write(first, to: &writer.buffer)
        case ..<0x90: return Container(isMap: true, remaining: Int(first & 0x0F))
        case ..<0xA0: return Container(isMap: false, remaining: Int(first & 0x0F))
        case ..<0xC0: try copyText(Int(first & 0x1F), to: &writer)
        case 0xC0: writer.buffer.writeStaticString("null")
        case 0xC2: writer.buffer.writeStaticString("false")
        case 0xC3: writer.buffer.writeStaticString("true")
        case 0xC4: try copyBinary(Int(try byte()), to: &writer)
        case 0xC5: try copyBinary(Int(try integer(UInt16.self)), to: &writer)
        case 0xC6: try copyBinary(Int(try integer(UInt32.self)), to: &writer)
        case 0xC7: try copyExtension(Int(try byte()), to: &writer)
        case 0xC8: try copyExtension(Int(try integer(UInt16.self)), to: &writer)
        case 0xC9: try copyExtension(Int(try integer(UInt32.self)), to: &writer)
        case 0xCA...0xD3: try copyNumber(first, to: &writer)
        case 0xD4...0xD8: try copyExtension(1 << Int(first - 0xD4), to: &writer)
        case 0xD9: try copyText(Int(try byte()), to: &writer)
        case 0xDA: try copyText(Int(try integer(UInt16.self)), to: &writer)
        case 0xDB: try copyText(Int(try integer(UInt32.self)), to: &writer)
        case 0xDC: return Container(isMap: false, remaining: Int(try integer(UInt16.self)))
        case 0xDD: return Container(isMap: false, remaining: Int(try integer(UInt32.self)))
        case 0xDE: return Container(isMap: true, remaining: Int(try integer(UInt16.self)))
        case 0xDF: return Container(isMap: true, remaining: Int(try integer(UInt32.self)))
        case 0xE0...: JSONText.write(Int8(bitPattern: first), to: &writer.buffer)
        default: throw .unknownType
        }
        return nil
    }

    private mutating func copyNumber(_ type: UInt8, to writer: inout ArgumentWriter) throws(MessagePackError) {
        switch type {
        case 0xCA: JSONText.write(Double(Float(bitPattern: try integer(UInt32.self))), to: &writer.buffer)
        case 0xCB: JSONText.write(Double(bitPattern: try integer(UInt64.self)), to: &writer.buffer)
        case 0xCC: JSONText.write(try integer(UInt8.self), to: &writer.buffer)
        case 0xCD: JSONText.write(try integer(UInt16.self), to: &writer.buffer)
        case 0xCE: JSONText.write(try integer(UInt32.self), to: &writer.buffer)
        case 0xCF: JSONText.write(try integer(UInt64.self), to: &writer.buffer)
        case 0xD0: JSONText.write(try integer(Int8.self), to: &writer.buffer)
        case 0xD1: JSONText.write(try integer(Int16.self), to: &writer.buffer)
        case 0xD2: JSONText.write(try integer(Int32.self), to: &writer.buffer)
        default: JSONText.write(try integer(Int64.self), to: &writer.buffer)
        }
    }

    /// Text stays as it is, and an integer becomes text, as in JavaScript.
    private mutating func copyKey(to writer: inout ArgumentWriter) throws(MessagePackError) {
        guard let first = input.getInteger(at: input.readerIndex, as: UInt8.self) else { throw .truncated }
        switch first {
        case 0xA0..<0xC0, 0xD9, 0xDA, 0xDB:
            try copyValue(to: &writer)
        case 0..<0x80, 0xCC...0xD3, 0xE0...0xFF:
            writer.buffer.writeInteger(UInt8(ascii: "\""))
            try copyValue(to: &writer)
            writer.buffer.writeInteger(UInt8(ascii: "\""))
        default: throw .invalidKey
        }
    }

    private mutating func copyText(_ length: Int, to writer: inout ArgumentWriter) throws(MessagePackError) {
        let text = try slice(length)
        guard text.isValidUTF8 else { throw .invalidText }
        text.withUnsafeReadableBytes { JSONText.write(utf8: $0.bindMemory(to: UInt8.self), to: &writer.buffer) }
    }

    private mutating func copyBinary(_ length: Int, to writer: inout ArgumentWriter) throws(MessagePackError) {
        let bytes = try slice(length)
        guard attachmentCount < limits.maxAttachments else { throw .tooManyAttachments }
        attachmentCount += 1
        writer.writeBinary(bytes)
    }

    // MARK: Extensions

    private mutating func copyExtension(_ length: Int, to writer: inout ArgumentWriter) throws(MessagePackError) {
        let type = try integer(Int8.self)
        switch (type, length) {
        case (0, 1):
            _ = try byte()
            writer.buffer.writeStaticString("null")
        case (0, 8):
            write(milliseconds: try integer(Int64.self), to: &writer)
        case (-1, 4):
            write(seconds: Int64(try integer(UInt32.self)), nanoseconds: 0, to: &writer)
        case (-1, 8):
            let word = try integer(UInt64.self)
            write(seconds: Int64(word & 0x3_FFFF_FFFF), nanoseconds: word >> 34, to: &writer)
        case (-1, 12):
            let nanoseconds = UInt64(try integer(UInt32.self))
            write(seconds: try integer(Int64.self), nanoseconds: nanoseconds, to: &writer)
        case (0, _):
            try copyBinary(length, to: &writer)
        default:
            // As notepack does with what it does not know: the number of the type, and the bytes.
            writer.buffer.writeInteger(UInt8(ascii: "["))
            JSONText.write(type, to: &writer.buffer)
            writer.buffer.writeInteger(UInt8(ascii: ","))
            try copyBinary(length, to: &writer)
            writer.buffer.writeInteger(UInt8(ascii: "]"))
        }
    }

    private func write(seconds: Int64, nanoseconds: UInt64, to writer: inout ArgumentWriter) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, carry) = milliseconds.addingReportingOverflow(Int64(nanoseconds / 1_000_000))
        write(milliseconds: overflow || carry ? .max : sum, to: &writer)
    }

    private func write(milliseconds: Int64, to writer: inout ArgumentWriter) {
        guard let text = JavaScriptDate.string(milliseconds: milliseconds) else {
            writer.buffer.writeStaticString("null")
            return
        }
        JSONText.write(text, to: &writer.buffer)
    }
}
