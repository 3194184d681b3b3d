import NIOCore

/// The lexical side of JSON: strings and numbers between text and Swift values.
enum JSONText {
    /// Whether `byte` is a decimal digit.
    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// The value of a hexadecimal digit, or `nil`.
    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// The text as a string.
    static func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether there are escapes in a string literal.
    static func hasEscapes(_ literal: Span<UInt8>) -> Bool {
        JSONScanner.endOfPlainText(literal, from: 1) < literal.count - 1
    }

    /// Decodes a string literal, quotation marks included; `nil` when the text is anything else.
    ///
    /// The text has been validated. An unpaired surrogate becomes U+FFFD.
    static func string(_ literal: Span<UInt8>) -> String? {
        guard literal.count >= 2, literal[0] == UInt8(ascii: "\"") else { return nil }
        return hasEscapes(literal) ? unescaped(literal) : text(literal.extracting(1..<(literal.count - 1)))
    }

    /// Decodes the name of a member; `nil` when it has half of a surrogate pair, as different halves would be one name.
    static func memberName(_ literal: Span<UInt8>) -> String? {
        guard let name = string(literal), !name.hasReplacementCharacter || !hasHalves(literal) else { return nil }
        return name
    }

    /// Whether a string literal has the escape of half of a surrogate pair.
    private static func hasHalves(_ literal: Span<UInt8>) -> Bool {
        var position = 1
        while position < literal.count - 1 {
            guard literal[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            let isUnit = JSONScanner.byte(literal, position + 1) == UInt8(ascii: "u")
            position += 2
            guard isUnit else { continue }
            let unit = codeUnit(literal, at: position)
            let scalar = unescapedScalar(literal, &position)
            if (0xD800..<0xE000).contains(unit), scalar == "\u{FFFD}" { return true }
        }
        return false
    }

    private static func unescaped(_ bytes: Span<UInt8>) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 1
        while position < bytes.count - 1 {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                position += 1
                continue
            }
            guard let escape = JSONScanner.byte(bytes, position + 1) else { break }
            position += 2
            switch escape {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                result.append(contentsOf: String(unescapedScalar(bytes, &position)).utf8)
            default: result.append(escape)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Reads the four digits behind `\u` and, for a high surrogate, the escape of the low one.
    private static func unescapedScalar(_ bytes: Span<UInt8>, _ position: inout Int) -> Unicode.Scalar {
        let unit = codeUnit(bytes, at: position)
        position += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, JSONScanner.matches("\\u", bytes, at: position) else { return "\u{FFFD}" }
        let low = codeUnit(bytes, at: position + 2)
        guard (0xDC00..<0xE000).contains(low) else { return "\u{FFFD}" }
        position += 6
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private static func codeUnit(_ bytes: Span<UInt8>, at position: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in 0..<4 {
            unit = unit << 4 | (JSONScanner.byte(bytes, position + offset).flatMap(hexValue) ?? 0)
        }
        return unit
    }

    /// Decodes an integer literal; `nil` for a fraction, an exponent, another kind of value, or a value out of range.
    static func integer<Integer: FixedWidthInteger>(_ text: ByteBuffer, as type: Integer.Type) -> Integer? {
        let bytes = text.readableBytesUInt8Span
        let isNegative = JSONScanner.byte(bytes, 0) == UInt8(ascii: "-")
        var position = isNegative ? 1 : 0
        guard position < bytes.count else { return nil }
        var value: Integer = 0
        while position < bytes.count {
            guard isDigit(bytes[position]) else { return nil }
            let digit = Integer(truncatingIfNeeded: bytes[position] - UInt8(ascii: "0"))
            let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !productOverflow, !sumOverflow else { return nil }
            value = sum
            position += 1
        }
        return value
    }

    /// Decodes a number; `nil` for another kind of value.
    static func double(_ text: ByteBuffer) -> Double? {
        guard let first = text.readableBytesView.first, first == UInt8(ascii: "-") || isDigit(first) else { return nil }
        return Double(String(buffer: text))
    }

    /// Whether a string can stand in quotation marks as it is.
    static func isPlain(_ string: String) -> Bool {
        var string = string
        return string.withUTF8 { JSONScanner.endOfPlainText($0.span, from: 0) == $0.count }
    }

    /// Appends a string literal: only what must be escaped is escaped, the rest stays UTF-8.
    static func write(_ string: String, to buffer: inout ByteBuffer) {
        var string = string
        string.withUTF8 { write(utf8: $0, to: &buffer) }
    }

    /// Appends a string literal of text that is UTF-8.
    static func write(utf8: UnsafeBufferPointer<UInt8>, to buffer: inout ByteBuffer) {
        let plain = JSONScanner.endOfPlainText(utf8.span, from: 0)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: utf8.count + 2) { target in
            target[0] = UInt8(ascii: "\"")
            target[1...].copyBytes(from: utf8[..<plain])
            guard plain == utf8.count else { return plain + 1 }
            target[plain + 1] = UInt8(ascii: "\"")
            return plain + 2
        }
        if plain < utf8.count { writeEscaped(utf8[plain...], to: &buffer) }
    }

    /// Appends the rest of a string literal from the first escape on.
    private static func writeEscaped(_ utf8: Slice<UnsafeBufferPointer<UInt8>>, to buffer: inout ByteBuffer) {
        var start = utf8.startIndex
        for index in utf8.indices {
            let byte = utf8[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            buffer.writeBytes(utf8[start..<index])
            writeEscape(byte, to: &buffer)
            start = index + 1
        }
        buffer.writeBytes(utf8[start...])
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private static func writeEscape(_ byte: UInt8, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: buffer.writeInteger(UInt8(ascii: "b"))
        case 0x09: buffer.writeInteger(UInt8(ascii: "t"))
        case 0x0A: buffer.writeInteger(UInt8(ascii: "n"))
        case 0x0C: buffer.writeInteger(UInt8(ascii: "f"))
        case 0x0D: buffer.writeInteger(UInt8(ascii: "r"))
        case ..<0x20:
            buffer.writeStaticString("u00")
            buffer.writeInteger(hexDigit(byte >> 4))
            buffer.writeInteger(hexDigit(byte & 0x0F))
        default: buffer.writeInteger(byte)
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The digits of the longest integer of 64 bits.
    static let mostDigits = 20

    /// Appends an integer.
    static func write(_ integer: some FixedWidthInteger, to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: mostDigits + 1) { target in
            if integer < 0 { target[0] = UInt8(ascii: "-") }
            return write(UInt64(integer.magnitude), to: target, at: integer < 0 ? 1 : 0)
        }
    }

    /// How many digits an integer has.
    static func digitCount(_ integer: UInt64) -> Int {
        var count = 1
        var rest = integer
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    /// Writes an integer at `start`, where there must be room for its digits.
    /// - Returns: Where it ends.
    static func write(_ integer: UInt64, to target: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        let end = start + digitCount(integer)
        var rest = integer
        for position in (start..<end).reversed() {
            target[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return end
    }

    /// Appends a number as JavaScript would: whole numbers without a fraction, what is not finite as `null`.
    static func write(_ double: Double, to buffer: inout ByteBuffer) {
        guard double.isFinite else {
            buffer.writeStaticString("null")
            return
        }
        if let integer = Int64(exactly: double), integer.magnitude < 1 << 53 {
            write(integer, to: &buffer)
        } else {
            buffer.writeString(double.description)
        }
    }
}
