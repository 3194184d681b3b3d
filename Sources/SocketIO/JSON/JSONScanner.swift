/// Validates JSON text (RFC 8259) and finds where values end, without decoding anything.
///
/// Nothing recurses: the open containers are bits, so a peer can't exhaust the stack. The caller
/// guarantees that the bytes are UTF-8.
enum JSONScanner {
    /// How many containers may be open at once at most, whatever is configured.
    ///
    /// What decodes values recurses, and so do values that contain others when they go: this deep is safe on a stack of
    /// 512 KiB, the smallest that threads have where this runs.
    static let greatestDepth = 256

    /// Splits an array that fills `bytes` from `start` on into its elements.
    /// - Parameters:
    ///   - bytes: The text, which may have white space around the array.
    ///   - start: Where to begin.
    ///   - count: How many elements there may be.
    ///   - depth: How many containers may be open at once.
    /// - Returns: The range of each element, without white space around it.
    /// - Throws: ``PacketError/malformedJSON``, ``PacketError/nestedTooDeeply``, ``PacketError/tooManyArguments``, or
    ///   ``PacketError/unexpectedPayload`` when the text does not begin with an array.
    static func splitArray(
        _ bytes: Span<UInt8>,
        from start: Int,
        atMost count: Int = .max,
        depth: Int = greatestDepth
    ) throws(PacketError) -> ArgumentRanges {
        var elements = ArgumentRanges()
        var position = start
        skipWhitespace(bytes, &position)
        guard byte(bytes, position) == UInt8(ascii: "[") else {
            // What is no JSON at all is told so.
            try validate(bytes, from: start, depth: depth)
            throw .unexpectedPayload
        }
        position += 1
        skipWhitespace(bytes, &position)
        if byte(bytes, position) == UInt8(ascii: "]") {
            position += 1
        } else {
            try splitElements(bytes, &position, count, depth, into: &elements)
        }
        skipWhitespace(bytes, &position)
        guard position == bytes.count else { throw .malformedJSON }
        return elements
    }

    /// Checks that `bytes` hold from `start` on one value and nothing else but white space.
    /// - Returns: The first byte of the value.
    @discardableResult
    static func validate(
        _ bytes: Span<UInt8>,
        from start: Int = 0,
        depth: Int = greatestDepth
    ) throws(PacketError) -> UInt8? {
        var position = start
        skipWhitespace(bytes, &position)
        let first = byte(bytes, position)
        try skipValue(bytes, &position, depth: depth)
        skipWhitespace(bytes, &position)
        guard position == bytes.count else { throw .malformedJSON }
        return first
    }

    private static func splitElements(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ maximum: Int,
        _ depth: Int,
        into elements: inout ArgumentRanges
    ) throws(PacketError) {
        while true {
            guard elements.count < maximum else { throw .tooManyArguments }
            skipWhitespace(bytes, &position)
            let start = position
            // Strings are what most arguments are.
            if byte(bytes, position) == UInt8(ascii: "\"") {
                try skipString(bytes, &position)
            } else {
                try skipValue(bytes, &position, depth: depth - 1)
            }
            elements.append(start, position)
            skipWhitespace(bytes, &position)
            let next = byte(bytes, position)
            position += 1
            if next == UInt8(ascii: "]") { return }
            guard next == UInt8(ascii: ",") else { throw .malformedJSON }
        }
    }

    /// Moves `position` behind the value that begins there.
    /// - Parameters:
    ///   - bytes: The text.
    ///   - position: Where the value begins; afterwards where it ends.
    ///   - depth: How many containers may be open at once.
    /// - Throws: ``PacketError/malformedJSON`` or ``PacketError/nestedTooDeeply``.
    static func skipValue(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        depth: Int = greatestDepth
    ) throws(PacketError) {
        var stack = ContainerStack(limit: depth)
        while true {
            guard let first = byte(bytes, position) else { throw .malformedJSON }
            switch first {
            case UInt8(ascii: "\""):
                try skipString(bytes, &position)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = first == UInt8(ascii: "{")
                try stack.push(isObject: isObject)
                position += 1
                skipWhitespace(bytes, &position)
                if byte(bytes, position) != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { try skipKey(bytes, &position) }
                    continue
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                try skipNumber(bytes, &position)
            case UInt8(ascii: "t"):
                try skipLiteral("true", bytes, &position)
            case UInt8(ascii: "f"):
                try skipLiteral("false", bytes, &position)
            case UInt8(ascii: "n"):
                try skipLiteral("null", bytes, &position)
            default:
                throw .malformedJSON
            }
            if try closeContainers(bytes, &position, &stack) { return }
        }
    }

    /// Closes the containers that end here and moves to the next value; `true` when the outermost value has ended.
    private static func closeContainers(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ stack: inout ContainerStack
    ) throws(PacketError) -> Bool {
        while stack.depth > 0 {
            skipWhitespace(bytes, &position)
            let next = byte(bytes, position)
            position += 1
            if next == UInt8(ascii: ",") {
                skipWhitespace(bytes, &position)
                if stack.isObject { try skipKey(bytes, &position) }
                return false
            }
            guard next == (stack.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .malformedJSON }
            stack.pop()
        }
        return true
    }

    private static func skipKey(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) {
        guard byte(bytes, position) == UInt8(ascii: "\"") else { throw .malformedJSON }
        try skipString(bytes, &position)
        skipWhitespace(bytes, &position)
        guard byte(bytes, position) == UInt8(ascii: ":") else { throw .malformedJSON }
        position += 1
        skipWhitespace(bytes, &position)
    }

    /// Moves `position` from an opening quotation mark behind the closing one.
    static func skipString(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) {
        position += 1
        while true {
            position = endOfPlainText(bytes, from: position)
            switch byte(bytes, position) {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try skipEscape(bytes, &position)
            default:
                throw .malformedJSON
            }
        }
    }

    /// The position, from `start` on, of the first byte that can't stand in a string literal as it is: a quotation
    /// mark, a backslash or a control character; the end when there is none.
    static func endOfPlainText(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        let lastWord = bytes.count - 8
        guard start >= 0, lastWord >= 0 else { return endOfShortPlainText(bytes, from: start) }
        while position <= lastWord {
            let marks = marks(bytes, position)
            if marks != 0 { return position + marks.trailingZeroBitCount / 8 }
            position += 8
        }
        // The last word once more, without what has been looked at.
        let marks = marks(bytes, lastWord) >> UInt64(8 * (position - lastWord))
        return marks == 0 ? bytes.count : position + marks.trailingZeroBitCount / 8
    }

    /// Marks in the highest bit of each of eight bytes which can't stand in a string literal; only the lowest mark
    /// is sure.
    private static func marks(_ bytes: Span<UInt8>, _ position: Int) -> UInt64 {
        let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
        // Subtracting borrows from the highest bit of a byte that is zero, or below 0x20. A borrow runs upwards and so
        // makes false marks only above a true one.
        let quotes = word ^ 0x2222_2222_2222_2222
        let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let found =
            (quotes &- 0x0101_0101_0101_0101) & ~quotes
            | (backslashes &- 0x0101_0101_0101_0101) & ~backslashes
            | (word &- 0x2020_2020_2020_2020) & ~word
        return found & 0x8080_8080_8080_8080
    }

    private static func endOfShortPlainText(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while let next = byte(bytes, position) {
            if next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") || next < 0x20 { break }
            position += 1
        }
        return position
    }

    private static func skipEscape(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) {
        switch byte(bytes, position + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            for offset in 2..<6 {
                guard let digit = byte(bytes, position + offset), JSONText.hexValue(digit) != nil else {
                    throw .malformedJSON
                }
            }
            position += 6
        default:
            throw .malformedJSON
        }
    }

    private static func skipNumber(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) {
        if byte(bytes, position) == UInt8(ascii: "-") { position += 1 }
        if byte(bytes, position) == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(bytes, &position)
        }
        if byte(bytes, position) == UInt8(ascii: ".") {
            position += 1
            try skipDigits(bytes, &position)
        }
        if let exponent = byte(bytes, position), exponent | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = byte(bytes, position), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits(bytes, &position)
        }
    }

    private static func skipDigits(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) {
        let start = position
        while let digit = byte(bytes, position), JSONText.isDigit(digit) { position += 1 }
        guard position > start else { throw .malformedJSON }
    }

    private static func skipLiteral(
        _ literal: StaticString,
        _ bytes: Span<UInt8>,
        _ position: inout Int
    ) throws(PacketError) {
        guard matches(literal, bytes, at: position) else { throw .malformedJSON }
        position += literal.utf8CodeUnitCount
    }

    /// Whether `literal` stands at `position`.
    static func matches(_ literal: StaticString, _ bytes: Span<UInt8>, at position: Int) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard position >= 0, bytes.count - position >= count else { return false }
        return literal.withUTF8Buffer { expected in
            for offset in 0..<count where expected[offset] != bytes[position + offset] { return false }
            return true
        }
    }

    /// Moves `position` to the next byte that is not white space.
    static func skipWhitespace(_ bytes: Span<UInt8>, _ position: inout Int) {
        while let next = byte(bytes, position), next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 {
            position += 1
        }
    }

    /// The byte at `position`, or `nil` behind the end.
    static func byte(_ bytes: Span<UInt8>, _ position: Int) -> UInt8? {
        bytes.indices.contains(position) ? bytes[unchecked: position] : nil
    }
}

/// Which of the open containers are objects, one bit each.
private struct ContainerStack {
    private(set) var depth = 0
    /// The innermost of them.
    private var objects: UInt64 = 0
    /// The others, 64 in each; nothing is allocated for what is nested as deep as most is.
    private var outer: [UInt64] = []
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isObject: Bool { objects & 1 == 1 }

    mutating func push(isObject: Bool) throws(PacketError) {
        guard depth < limit else { throw .nestedTooDeeply }
        if depth > 0, depth % 64 == 0 { outer.append(objects) }
        depth += 1
        objects = objects << 1 | (isObject ? 1 : 0)
    }

    mutating func pop() {
        depth -= 1
        objects >>= 1
        if depth > 0, depth % 64 == 0, let last = outer.popLast() { objects = last }
    }
}
