import NIOCore

/// Where an attachment belongs in a payload: an object `{"_placeholder":true,"num":n}`.
struct Placeholder: Sendable, Equatable {
    /// The range of the object in the text.
    var range: Range<Int>
    /// The index of the attachment.
    var attachment: Int
}

extension Placeholder {
    /// Finds the placeholders of a validated payload, in the order of the text.
    /// - Parameters:
    ///   - text: Ends with valid JSON, nested no deeper than ``JSONScanner/greatestDepth``.
    ///   - start: Where the JSON begins in `text`.
    ///   - attachmentCount: How many attachments came with the payload.
    /// - Returns: The placeholders; one inside another does not count.
    /// - Throws: ``PacketError/illegalPlaceholder`` when a placeholder names no attachment, or names one twice, or there
    ///   are more of them than attachments, which need not be read to the end then. This can't come from a client that
    ///   means well, and would let a small packet make the server send much.
    static func find(
        in text: ByteBuffer,
        from start: Int,
        attachmentCount: Int
    ) throws(PacketError) -> [Placeholder] {
        let bytes = text.readableBytesUInt8Span
        var frames: [Frame] = []
        var found: [Placeholder] = []
        var position = start
        while let byte = JSONScanner.byte(bytes, position) {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                frames.append(Frame(start: position))
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                position += 1
                guard let frame = frames.popLast(), frame.isPlaceholder else { continue }
                // They are in the order of the text, so those inside of this one are the last.
                while let last = found.last, last.range.lowerBound >= frame.start { found.removeLast() }
                guard found.count < attachmentCount else { throw .illegalPlaceholder }
                found.append(Placeholder(range: frame.start..<position, attachment: frame.number))
            case UInt8(ascii: "\""):
                let start = position
                try JSONScanner.skipString(bytes, &position)
                let literal = start..<position
                JSONScanner.skipWhitespace(bytes, &position)
                guard JSONScanner.byte(bytes, position) == UInt8(ascii: ":"), !frames.isEmpty else { continue }
                position += 1
                JSONScanner.skipWhitespace(bytes, &position)
                frames[frames.count - 1].receive(key: bytes.extracting(literal), bytes, valueAt: position)
            default:
                position += 1
            }
        }
        try check(found, attachmentCount: attachmentCount)
        return found
    }

    private static func check(_ found: [Placeholder], attachmentCount: Int) throws(PacketError) {
        var isNamed = [Bool](repeating: false, count: attachmentCount)
        for placeholder in found {
            guard isNamed.indices.contains(placeholder.attachment), !isNamed[placeholder.attachment] else {
                throw .illegalPlaceholder
            }
            isNamed[placeholder.attachment] = true
        }
    }
}

/// An open container and what its members say about it being a placeholder.
private struct Frame {
    let start: Int
    var isPlaceholder = false
    var number = -1

    init(start: Int) {
        self.start = start
    }

    mutating func receive(key: Span<UInt8>, _ bytes: Span<UInt8>, valueAt position: Int) {
        switch JSONText.string(key) {
        case "_placeholder":
            isPlaceholder = JSONScanner.matches("true", bytes, at: position)
        case "num":
            number = Self.index(bytes, at: position)
        default:
            break
        }
    }

    /// The index that stands at `position`, or -1 when it is not a small integer.
    private static func index(_ bytes: Span<UInt8>, at start: Int) -> Int {
        var position = start
        var value = 0
        while let digit = JSONScanner.byte(bytes, position), JSONText.isDigit(digit) {
            guard position - start < 6 else { return -1 }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            position += 1
        }
        switch JSONScanner.byte(bytes, position) {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return -1
        default: return position > start ? value : -1
        }
    }
}
