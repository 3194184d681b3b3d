/// Reads tokens, quoted strings and separators of a structured header field (RFC 9110, section 5.6).
struct FieldScanner {
    private var rest: Substring.UTF8View

    init(_ field: String) {
        rest = field[...].utf8
        skipWhitespace()
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { rest.isEmpty }

    /// Takes a separator and the white space behind it, if it is next.
    mutating func take(_ separator: Unicode.Scalar) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: separator) else { return false }
        rest.removeFirst()
        skipWhitespace()
        return true
    }

    /// Takes a token and the white space behind it (section 5.6.2).
    mutating func token() -> String? {
        let token = rest.prefix(while: Self.isTokenCharacter)
        guard !token.isEmpty else { return nil }
        rest = rest[token.endIndex...]
        skipWhitespace()
        return String(token)
    }

    /// Takes a token, or a quoted string without its quotes and escapes (section 5.6.4).
    mutating func tokenOrQuoted() -> String? {
        guard rest.first == UInt8(ascii: "\"") else { return token() }
        rest.removeFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                skipWhitespace()
                return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                text.append(escaped)
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func skipWhitespace() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// A character of a token (section 5.6.2).
    static func isTokenCharacter(_ byte: UInt8) -> Bool {
        // Case by case: a search would come to its end at each colon of a head.
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
