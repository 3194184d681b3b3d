import NIOCore
import Testing

@testable import SocketIO

@Suite struct JSONScannerTests {
    private func validate(_ text: String) throws(PacketError) {
        try JSONScanner.validate(ByteBuffer(string: text).readableBytesUInt8Span)
    }

    private func split(_ text: String) throws(PacketError) -> [String] {
        let buffer = ByteBuffer(string: text)
        let elements = try JSONScanner.splitArray(buffer.readableBytesUInt8Span, from: 0)
        return (0..<elements.count).map { JSONText.text(buffer.readableBytesUInt8Span.extracting(elements[$0])) }
    }

    static let valid = [
        "null", "true", "false", "0", "-0", "12", "-1.5", "1e5", "1E+5", "0.1e-10", "\"\"", "\"a\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", "\"\u{7F}é😀\u{2028}\"", "[]", "{}", " [ 1 , 2 ] ",
        "{\"a\":1,\"b\":[{},[],null]}", "\t\r\n {\t\"a\" : { } }", "[[[]]]", "{\"\":\"\"}",
    ]

    @Test(arguments: valid)
    func acceptsValidText(text: String) throws {
        try validate(text)
    }

    @Test(
        arguments: [
            "", " ", "nul", "True", "nulll", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "'a'",
            "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\u{1F}\"", "[", "]", "[1", "[1,",
            "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}",
            "{\"a\":1]", "{,}", "1 2", "[] []", "abc", "{\"a\":1 \"b\":2}",
        ]
    )
    func refusesInvalidText(text: String) {
        #expect(throws: PacketError.malformedJSON) { try validate(text) }
    }

    @Test func everyTruncationOfAContainerIsInvalid() throws {
        let text = "{\"a\":[1,-2.5e3,\"\\u00e9\\n\",true,false,null,{}],\"b\":{\"c\":[[]]}}"
        try validate(text)
        for length in 0..<text.utf8.count {
            #expect(throws: PacketError.malformedJSON) { try validate(String(text.prefix(length))) }
        }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func limitsDepth(open: String, close: String) throws {
        let limit = JSONScanner.greatestDepth
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        try validate(nested(limit))
        #expect(throws: PacketError.nestedTooDeeply) { try validate(nested(limit + 1)) }
        #expect(throws: PacketError.nestedTooDeeply) { try validate(String(repeating: open, count: 100_000)) }
        _ = try split("[" + nested(limit - 1) + "]")
        #expect(throws: PacketError.nestedTooDeeply) { try split("[" + nested(limit) + "]") }
    }

    @Test func depthCountsOpenContainersOnly() throws {
        try validate("[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]")
    }

    @Test func splitsArrays() throws {
        #expect(try split("[]") == [])
        #expect(try split(" [ ] ") == [])
        #expect(try split("[1]") == ["1"])
        #expect(try split(" [ \"a,b\" , {\"c\":[1,2]} ,null ] ") == ["\"a,b\"", "{\"c\":[1,2]}", "null"])
        #expect(try split("[1,2,3,4,5,6]") == ["1", "2", "3", "4", "5", "6"])
    }

    /// Eight bytes are looked at together, so the byte that ends the text stands at each place of the eight.
    @Test(arguments: 0..<20, ["\"", "\\", "\u{0}", "\u{1F}"])
    func findsWhatCannotStandInAString(length: Int, end: String) {
        for filler in ["a", " ", "!", "#", "[", "]", "\u{7F}", "\u{80}", "ÿ", "𐀀"] {
            let plain = String(repeating: filler, count: length)
            for rest in ["", "\"", "\u{1}aaaaaaaaaaa", filler + filler] {
                let text = ByteBuffer(string: plain + end + rest)
                #expect(JSONScanner.endOfPlainText(text.readableBytesUInt8Span, from: 0) == plain.utf8.count)
            }
            let text = ByteBuffer(string: plain)
            #expect(JSONScanner.endOfPlainText(text.readableBytesUInt8Span, from: 0) == plain.utf8.count)
        }
    }

    static let noArrays: [(String, PacketError)] = [
        ("{}", .unexpectedPayload), ("\"a\"", .unexpectedPayload), ("1", .unexpectedPayload),
        ("", .malformedJSON), ("[1,]", .malformedJSON), ("[1]x", .malformedJSON), ("[1", .malformedJSON),
        ("abc[1]", .malformedJSON), ("[1}", .malformedJSON),
    ]

    @Test(arguments: noArrays)
    func refusesWhatIsNoArray(text: String, error: PacketError) {
        #expect(throws: error) { try split(text) }
    }
}

@Suite struct JSONTextTests {
    private func written(_ write: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        write(&buffer)
        return String(buffer: buffer)
    }

    @Test(arguments: [
        ("", "\"\""), ("a/b", "\"a/b\""),
        ("\"\\", "\"\\\"\\\\\""), ("\u{8}\u{9}\u{A}\u{C}\u{D}", "\"\\b\\t\\n\\f\\r\""),
        ("\u{0}\u{1F}", "\"\\u0000\\u001f\""), ("é😀\u{7F}", "\"é😀\u{7F}\""),
    ])
    func stringsSurvive(string: String, json: String) {
        #expect(written { JSONText.write(string, to: &$0) } == json)
        #expect(JSONText.string(json.utf8Span.span) == string)
    }

    @Test(arguments: [
        ("\"\\u00e9\\/\"", "é/"), ("\"\\ud83d\\ude00\"", "😀"), ("\"\\ud83d\"", "\u{FFFD}"),
        ("\"\\ude00x\"", "\u{FFFD}x"), ("\"\\ud83d\\u0041\"", "\u{FFFD}A"), ("\"\\ud83dx\"", "\u{FFFD}x"),
    ])
    func escapesAreDecoded(json: String, string: String) {
        #expect(JSONText.string(json.utf8Span.span) == string)
    }

    @Test(arguments: ["1", "null", "[]", "\"", ""])
    func otherValuesAreNoStrings(json: String) {
        #expect(JSONText.string(json.utf8Span.span) == nil)
    }

    @Test func integersAreExact() {
        func integer(_ text: String) -> Int64? { JSONText.integer(ByteBuffer(string: text), as: Int64.self) }
        #expect(integer("0") == 0)
        #expect(integer("-7") == -7)
        #expect(integer("9223372036854775807") == .max)
        #expect(integer("-9223372036854775808") == .min)
        #expect(integer("9223372036854775808") == nil)
        #expect(integer("-9223372036854775809") == nil)
        for text in ["1.0", "1e3", "\"1\"", "-", "", "null"] { #expect(integer(text) == nil) }
        #expect(JSONText.integer(ByteBuffer(string: "-1"), as: UInt64.self) == nil)
        #expect(JSONText.integer(ByteBuffer(string: "4294967296"), as: UInt32.self) == nil)
    }

    @Test(arguments: [
        (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (-1, "-1"), (-10, "-10"),
        (Int64.max, "9223372036854775807"), (.min, "-9223372036854775808"),
    ])
    func integersAreWritten(integer: Int64, json: String) {
        #expect(written { JSONText.write(integer, to: &$0) } == json)
    }

    @Test func theLargestIntegerIsWritten() {
        #expect(written { JSONText.write(UInt64.max, to: &$0) } == "18446744073709551615")
    }

    @Test(arguments: [
        (1.0, "1"), (-0.5, "-0.5"), (1e300, "1e+300"), (9_007_199_254_740_991, "9007199254740991"),
        (.nan, "null"), (.infinity, "null"),
    ])
    func numbersAreWrittenAsJavaScriptDoes(number: Double, json: String) {
        #expect(written { JSONText.write(number, to: &$0) } == json)
    }
}
