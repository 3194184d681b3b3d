import NIOCore

/// Writes MessagePack, each value in the shortest form, other numbers than integers with 64 bits.
struct MessagePackWriter {
    /// What has been written.
    private(set) var buffer = ByteBuffer()

    mutating func writeMapHeader(_ count: Int) {
        writeHeader(count, short: 0x80..<0x90, [nil, 0xDE, 0xDF])
    }

    mutating func writeArrayHeader(_ count: Int) {
        writeHeader(count, short: 0x90..<0xA0, [nil, 0xDC, 0xDD])
    }

    mutating func write(_ string: String) {
        writeHeader(string.utf8.count, short: 0xA0..<0xC0, [0xD9, 0xDA, 0xDB])
        buffer.writeString(string)
    }

    private mutating func write(text: Span<UInt8>) {
        writeHeader(text.count, short: 0xA0..<0xC0, [0xD9, 0xDA, 0xDB])
        text.withUnsafeBytes { _ = buffer.writeBytes($0) }
    }

    private mutating func writeBinary(_ bytes: ByteBuffer) {
        writeHeader(bytes.readableBytes, short: 0..<0, [0xC4, 0xC5, 0xC6])
        buffer.writeImmutableBuffer(bytes)
    }

    /// Writes a length: in the first byte, or behind the type for lengths of 8, 16 and 32 bits.
    private mutating func writeHeader(_ length: Int, short: Range<UInt8>, _ types: [UInt8?]) {
        if length < short.count {
            buffer.writeInteger(short.lowerBound + UInt8(length))
        } else if let type = types[0], let length = UInt8(exactly: length) {
            buffer.writeMultipleIntegers(type, length)
        } else if let type = types[1], let length = UInt16(exactly: length) {
            buffer.writeMultipleIntegers(type, length)
        } else if let type = types[2], let length = UInt32(exactly: length) {
            buffer.writeMultipleIntegers(type, length)
        } else {
            preconditionFailure("a ByteBuffer has no more than 32 bits of bytes")
        }
    }

    mutating func write(_ integer: UInt64) {
        switch integer {
        case ..<0x80: buffer.writeInteger(UInt8(integer))
        case ..<0x100: buffer.writeMultipleIntegers(UInt8(0xCC), UInt8(integer))
        case ..<0x1_0000: buffer.writeMultipleIntegers(UInt8(0xCD), UInt16(integer))
        case ..<0x1_0000_0000: buffer.writeMultipleIntegers(UInt8(0xCE), UInt32(integer))
        default: buffer.writeMultipleIntegers(UInt8(0xCF), integer)
        }
    }

    private mutating func write(negative integer: Int64) {
        switch integer {
        case (-0x20)...: buffer.writeInteger(Int8(integer))
        case Int64(Int8.min)...: buffer.writeMultipleIntegers(UInt8(0xD0), Int8(integer))
        case Int64(Int16.min)...: buffer.writeMultipleIntegers(UInt8(0xD1), Int16(integer))
        case Int64(Int32.min)...: buffer.writeMultipleIntegers(UInt8(0xD2), Int32(integer))
        default: buffer.writeMultipleIntegers(UInt8(0xD3), integer)
        }
    }
}

// MARK: - From JSON

extension MessagePackWriter {
    /// Writes an argument: its JSON as MessagePack, its binary values in their places.
    ///
    /// MessagePack puts the sizes of containers first, so these are counted beforehand; then nothing needs a stack.
    mutating func write(_ argument: RawArgument) {
        let json = argument.json
        let bytes = json.readableBytesUInt8Span
        let placeholders = argument.placeholders
        var sizes = Self.containerSizes(bytes)[...]
        var nextPlaceholder = placeholders
        var position = 0
        while let first = JSONScanner.byte(bytes, position) {
            if let placeholder = nextPlaceholder.first, placeholder.range.lowerBound - argument.offset == position,
                let attachments = argument.attachments
            {
                nextPlaceholder.removeFirst()
                writeBinary(attachments.buffers[placeholder.attachment])
                let end = placeholder.range.upperBound - argument.offset
                // The object that stood for it was counted as a container, and so was what is in it.
                sizes.removeFirst(Self.containerSizes(bytes.extracting(position..<end)).count)
                position = end
                continue
            }
            switch first {
            case UInt8(ascii: "{"):
                writeMapHeader(sizes.removeFirst())
                position += 1
            case UInt8(ascii: "["):
                writeArrayHeader(sizes.removeFirst())
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
                position += 1
            case 0x20, 0x09, 0x0A, 0x0D:
                position += 1
            default:
                let end = Self.endOfScalar(bytes, from: position)
                writeScalar(bytes.extracting(position..<end))
                position = end
            }
        }
    }

    /// How many elements or members each container has, in the order in which they begin.
    private static func containerSizes(_ bytes: Span<UInt8>) -> [Int] {
        var sizes: [Int] = []
        var open: [Int] = []
        var position = 0
        while let first = JSONScanner.byte(bytes, position) {
            position += 1
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                JSONScanner.skipWhitespace(bytes, &position)
                let next = JSONScanner.byte(bytes, position)
                open.append(sizes.count)
                sizes.append(next == UInt8(ascii: "}") || next == UInt8(ascii: "]") ? 0 : 1)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
            case UInt8(ascii: ","):
                if let container = open.last { sizes[container] += 1 }
            case UInt8(ascii: "\""):
                position = endOfScalar(bytes, from: position - 1)
            default:
                break
            }
        }
        return sizes
    }

    /// Where a string, number or literal of valid JSON ends.
    private static func endOfScalar(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        do {
            try JSONScanner.skipValue(bytes, &position)
        } catch {
            preconditionFailure("raw arguments are valid JSON")
        }
        return position
    }

    private mutating func writeScalar(_ literal: Span<UInt8>) {
        switch literal[0] {
        case UInt8(ascii: "\""):
            if JSONText.hasEscapes(literal) {
                write(JSONText.string(literal) ?? "")
            } else {
                write(text: literal.extracting(1..<(literal.count - 1)))
            }
        case UInt8(ascii: "t"): buffer.writeInteger(UInt8(0xC3))
        case UInt8(ascii: "f"): buffer.writeInteger(UInt8(0xC2))
        case UInt8(ascii: "n"): buffer.writeInteger(UInt8(0xC0))
        default: writeNumber(JSONText.text(literal))
        }
    }

    private mutating func writeNumber(_ literal: String) {
        if let integer = UInt64(literal) { return write(integer) }
        if let integer = Int64(literal) { return write(negative: integer) }
        let double = Double(literal) ?? .nan
        // `1.0` and `1e3` are integers to JavaScript.
        if let integer = UInt64(exactly: double) {
            write(integer)
        } else if let integer = Int64(exactly: double) {
            write(negative: integer)
        } else {
            buffer.writeMultipleIntegers(UInt8(0xCB), double.bitPattern)
        }
    }
}
