import EngineIO
import NIOCore
import Testing

@testable import SocketIO

@Suite struct MessagePackTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var hex: String
        var json: String
        var binaryValues: [[UInt8]] = []

        var testDescription: String { hex }

        var bytes: [UInt8] { [UInt8](hex: hex) }
    }

    private static let placeholder = "{\"_placeholder\":true,\"num\":0}"

    /// What `notepack.io` 2 writes, and so both ways.
    static let both: [Vector] = [
        Vector(hex: "c0", json: "null"), Vector(hex: "c2", json: "false"), Vector(hex: "c3", json: "true"),
        Vector(hex: "00", json: "0"), Vector(hex: "7f", json: "127"), Vector(hex: "cc80", json: "128"),
        Vector(hex: "ccff", json: "255"), Vector(hex: "cd0100", json: "256"), Vector(hex: "cdffff", json: "65535"),
        Vector(hex: "ce00010000", json: "65536"), Vector(hex: "ceffffffff", json: "4294967295"),
        Vector(hex: "cf0000000100000000", json: "4294967296"),
        Vector(hex: "cf0020000000000001", json: "9007199254740993"),
        Vector(hex: "cfffffffffffffffff", json: "18446744073709551615"),
        Vector(hex: "ff", json: "-1"), Vector(hex: "e0", json: "-32"), Vector(hex: "d0df", json: "-33"),
        Vector(hex: "d080", json: "-128"), Vector(hex: "d1ff7f", json: "-129"), Vector(hex: "d18000", json: "-32768"),
        Vector(hex: "d2ffff7fff", json: "-32769"), Vector(hex: "d280000000", json: "-2147483648"),
        Vector(hex: "d3ffffffff7fffffff", json: "-2147483649"),
        Vector(hex: "d38000000000000000", json: "-9223372036854775808"),
        Vector(hex: "cb3ff8000000000000", json: "1.5"), Vector(hex: "cbbfe0000000000000", json: "-0.5"),
        Vector(hex: "a0", json: "\"\""), Vector(hex: "a568656c6c6f", json: "\"hello\""),
        Vector(hex: "a6c3a9f09f9880", json: "\"é😀\""), Vector(hex: "a30a225c", json: "\"\\n\\\"\\\\\""),
        Vector(hex: "d920" + String(repeating: "61", count: 32), json: "\"\(String(repeating: "a", count: 32))\""),
        Vector(hex: "90", json: "[]"), Vector(hex: "80", json: "{}"), Vector(hex: "93010203", json: "[1,2,3]"),
        Vector(hex: "92909181a16190", json: "[[],[{\"a\":[]}]]"),
        Vector(hex: "82a16101a162c0", json: "{\"a\":1,\"b\":null}"),
        Vector(
            hex: "dc0010" + String(repeating: "01", count: 16),
            json: "[\(Array(repeating: "1", count: 16).joined(separator: ","))]"
        ),
        Vector(hex: "c403010203", json: placeholder, binaryValues: [[1, 2, 3]]),
        Vector(hex: "c400", json: placeholder, binaryValues: [[]]),
        Vector(hex: "92c40109a178", json: "[\(placeholder),\"x\"]", binaryValues: [[9]]),
    ]

    /// What others write too.
    static let readOnly: [Vector] = [
        Vector(hex: "d40000", json: "null"), Vector(hex: "9301d4000002", json: "[1,null,2]"),
        Vector(hex: "d7000000018bcfe56800", json: "\"2023-11-14T22:13:20.000Z\""),
        Vector(hex: "d700ffffffffffffffff", json: "\"1969-12-31T23:59:59.999Z\""),
        Vector(hex: "d7007fffffffffffffff", json: "null"),
        Vector(hex: "d6ff6553f100", json: "\"2023-11-14T22:13:20.000Z\""),
        Vector(hex: "d7ff1d5b0a006553f100", json: "\"2023-11-14T22:13:20.123Z\""),
        Vector(hex: "c70cff075bca000000000000000001", json: "\"1970-01-01T00:00:01.123Z\""),
        Vector(hex: "c70cff000000007fffffffffffffff", json: "null"),
        Vector(hex: "c70300010203", json: placeholder, binaryValues: [[1, 2, 3]]),
        Vector(hex: "c8000300010203", json: placeholder, binaryValues: [[1, 2, 3]]),
        Vector(hex: "c90000000300010203", json: placeholder, binaryValues: [[1, 2, 3]]),
        Vector(hex: "d405ff", json: "[5,\(placeholder)]", binaryValues: [[255]]),
        Vector(hex: "c50001ff", json: placeholder, binaryValues: [[255]]),
        Vector(hex: "c600000001ff", json: placeholder, binaryValues: [[255]]),
        Vector(hex: "ca3fc00000", json: "1.5"), Vector(hex: "cb7ff8000000000000", json: "null"),
        Vector(hex: "cb3ff0000000000000", json: "1"), Vector(hex: "d30000000000000001", json: "1"),
        Vector(hex: "cf0000000000000001", json: "1"),
        Vector(hex: "da000161", json: "\"a\""), Vector(hex: "db0000000161", json: "\"a\""),
        Vector(hex: "dd0000000101", json: "[1]"), Vector(hex: "de0001a16101", json: "{\"a\":1}"),
        Vector(hex: "df00000001a16101", json: "{\"a\":1}"), Vector(hex: "820102ff03", json: "{\"1\":2,\"-1\":3}"),
    ]

    /// What JSON has in forms of its own.
    static let writeOnly: [Vector] = [
        Vector(hex: "01", json: "1.0"), Vector(hex: "cd03e8", json: "1e3"), Vector(hex: "ff", json: "-1.0"),
        Vector(hex: "00", json: "-0"), Vector(hex: "cb7e37e43c8800759c", json: "1e300"),
        Vector(hex: "a161", json: "\"\\u0061\""), Vector(hex: "9201a12c", json: " [ 1 , \",\" ] "),
        Vector(hex: "82a161929091a15da16280", json: "{ \"a\" : [ [ ] , [\"]\"] ] , \"b\" : { } }"),
    ]

    private let limits = ParserLimits(maxAttachments: 10)

    private func read(_ bytes: [UInt8]) throws -> ArgumentWriter {
        var reader = MessagePackReader(ByteBuffer(bytes: bytes), limits: limits)
        let value = try reader.readValue()
        try reader.finish()
        return value
    }

    @Test(arguments: both + readOnly)
    func reads(vector: Vector) throws {
        let value = try read(vector.bytes)
        #expect(String(buffer: value.buffer) == vector.json)
        #expect(value.attachments.map { Array($0.readableBytesView) } == vector.binaryValues)
        try JSONScanner.validate(value.buffer.readableBytesUInt8Span)
    }

    @Test(arguments: both + writeOnly)
    func writes(vector: Vector) throws {
        let argument = try RawArgument(
            json: ByteBuffer(string: vector.json),
            binaryValues: vector.binaryValues.map { ByteBuffer(bytes: $0) }
        )
        var writer = MessagePackWriter()
        writer.write(argument)
        #expect(Array(writer.buffer.readableBytesView) == vector.bytes)
    }

    @Test(arguments: both + readOnly)
    func refusesEveryTruncation(vector: Vector) {
        for length in 0..<vector.bytes.count {
            #expect(throws: MessagePackError.truncated) { try read(Array(vector.bytes.prefix(length))) }
        }
    }

    @Test(arguments: [
        ("c1", MessagePackError.unknownType), ("0000", .trailingBytes), ("a1ff", .invalidText),
        ("a2c328", .invalidText), ("81c001", .invalidKey), ("819001", .invalidKey), ("ddffffffff", .truncated),
        ("dfffffffff", .truncated), ("c6ffffffff00", .truncated), ("dbffffffff00", .truncated),
        ("c9ffffffff0000", .truncated),
    ])
    func refuses(hex: String, error: MessagePackError) {
        #expect(throws: error) { try read([UInt8](hex: hex)) }
    }

    @Test(arguments: [[UInt8](hex: "91"), [UInt8](hex: "81a161")])
    func limitsDepth(open: [UInt8]) throws {
        func nested(_ depth: Int) -> [UInt8] { Array(repeating: open, count: depth).flatMap { $0 } + [1] }
        _ = try read(nested(limits.maxDepth))
        #expect(throws: MessagePackError.nestedTooDeeply) { try read(nested(limits.maxDepth + 1)) }
        #expect(throws: MessagePackError.nestedTooDeeply) { try read(nested(100_000)) }
    }

    @Test func limitsAttachments() throws {
        func values(_ count: Int) -> [UInt8] {
            [0x90 | UInt8(count)] + Array(repeating: [0xC4, 0], count: count).flatMap { $0 }
        }
        #expect(try read(values(10)).attachments.count == 10)
        #expect(throws: MessagePackError.tooManyAttachments) { try read(values(11)) }
    }
}

extension [UInt8] {
    init(hex: String) {
        self = stride(from: 0, to: hex.utf8.count, by: 2).map { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }
}
