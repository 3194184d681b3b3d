import EngineIO
import FoundationEssentials
import NIOCore
import Testing

@testable import SocketIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// No byte from a client costs more than a constant: four times the input costs about four times the work.
///
/// What is compared is processor time of this thread, the least of several runs, and a bound half-way to the square.
@Suite(.serialized) struct CostTests {
    /// Work on an input of a size.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Makes the input, about so many bytes, and returns what is to be measured.
        let prepare: @Sendable (Int) throws -> @Sendable () -> Void

        init(_ description: String, _ prepare: @escaping @Sendable (Int) throws -> @Sendable () -> Void) {
            testDescription = description
            self.prepare = prepare
        }

        /// Text that consists of `unit` as often as fits.
        init(
            _ description: String,
            _ start: String,
            _ unit: String,
            _ end: String,
            _ work: @escaping @Sendable (ByteBuffer) -> Void
        ) {
            self.init(description) { size in
                let text = ByteBuffer(string: start + String(repeating: unit, count: size / unit.utf8.count) + end)
                return { work(text) }
            }
        }
    }

    private static let small = 8_000

    @Test(arguments: packets + values + placeholders + codable + others)
    func fourTimesTheInputCostsAboutFourTimes(work: Case) throws {
        let (one, four) = (try work.prepare(Self.small), try work.prepare(4 * Self.small))
        var ratios: [Double] = []
        // The machine may be busy with something else.
        for _ in 0..<4 {
            let (cost, costOfFour) = (Self.cost(one), Self.cost(four))
            ratios.append(Double(costOfFour) / Double(max(cost, 50_000)))
            if ratios[ratios.count - 1] < 8 { return }
        }
        Issue.record("four times the input costs \(ratios) times the work")
    }

    /// The processor time in nanoseconds.
    private static func cost(_ work: () -> Void) -> UInt64 {
        (0..<2).map { _ in
            let start = clock()
            work()
            return clock() - start
        }.min() ?? 0
    }

    private static func clock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

// MARK: - Packets

extension CostTests {
    private static func packet(_ description: String, _ start: String, _ unit: String, _ end: String) -> Case {
        Case("packet: " + description, start, unit, end) { text in
            _ = try? Packet(text, limits: ParserLimits(maxAttachments: 10), allowsQuery: true)
        }
    }

    fileprivate static let packets = [
        packet("a long namespace", "2/", "a", ",[\"e\"]"),
        packet("a long query", "0/a?", "b=c&", ","),
        packet("a long id", "2", "1", "[\"e\"]"),
        packet("many attachments announced", "5", "1", "-[\"e\"]"),
        packet("a long name", "2[\"", "a", "\"]"),
        packet("an escaped name", "2[\"", "\\u0061", "\"]"),
        packet("many arguments", "2[\"e\"", ",1", "]"),
        packet("many strings", "2[\"e\"", ",\"abcdefghij\"", "]"),
        packet("brackets that nobody closes", "2[", "[", ""),
        packet("many nested arrays", "2[\"e\"", ",[[[[[[[[]]]]]]]]", "]"),
        packet("many members", "2[\"e\",{\"a\":1", ",\"b\":2", "}]"),
        packet("white space", "2[\"e\"", " ", "]"),
        packet("digits", "2[\"e\",", "1", "]"),
        packet("a string that does not end", "2[\"e\",\"", "\\\\", ""),
    ]
}

// MARK: - Values

extension CostTests {
    private static func value(_ description: String, _ start: String, _ unit: String, _ end: String) -> Case {
        Case("value: " + description, start, unit, end) { text in
            let value = try? RawArgument(json: text).decode(JSONValue.self)
            precondition(value != nil, "the text is valid")
        }
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    fileprivate static let values = [
        value("integers", "[0", ",1", "]"),
        value("fractions", "[0", ",1.5e3", "]"),
        value("one number", "", "1", ""),
        value("one fraction", "0.", "1", ""),
        value("one string", "\"", "a", "\""),
        value("escapes", "\"", "\\u00e9", "\""),
        value("surrogates", "\"", "\\ud83d\\ude00", "\""),
        value("strings", "[0", ",\"abc\"", "]"),
        value("members of one name", "{\"a\":1", ",\"a\":1", "}"),
        value("nested arrays", "[0", "," + nested(60), "]"),
        value("nested objects", "[0", ",{\"a\":{\"a\":{\"a\":{}}}}", "]"),
        Case("value: members of different names") { size in
            let members = (0..<size / 12).map { "\"key\($0)\":\($0)" }
            let text = ByteBuffer(string: "{" + members.joined(separator: ",") + "}")
            return {
                let value = try? RawArgument(json: text).decode(JSONValue.self)
                precondition(value != nil, "the text is valid")
            }
        },
    ]
}

// MARK: - Placeholders

extension CostTests {
    private static func find(_ description: String, _ start: String, _ unit: String, _ end: String) -> Case {
        Case("placeholders: " + description, start, unit, end) { text in
            for count in [10, 1_000_000] { _ = try? Placeholder.find(in: text, from: 0, attachmentCount: count) }
        }
    }

    /// The text of an array of placeholders of different attachments.
    private static func array(ofPlaceholders count: Int) -> String {
        "[" + (0..<count).map { "{\"_placeholder\":true,\"num\":\($0)}" }.joined(separator: ",") + "]"
    }

    fileprivate static let placeholders = [
        find("of one attachment", "[0", ",{\"_placeholder\":true,\"num\":0}", "]"),
        find("without comma", "", "{\"_placeholder\":true}", ""),
        find("inside one", "{\"a\":[0", ",{\"_placeholder\":true}", "],\"_placeholder\":true,\"num\":0}"),
        find("one inside the other", "{\"_placeholder\":true,\"num\":0,\"a\":[0", ",{\"_placeholder\":true}", "]}"),
        find("keys", "{\"a\":0", ",\"_placeholder\":true", "}"),
        find("a long key", "{\"", "a", "\":0}"),
        find("a long number", "{\"_placeholder\":true,\"num\":", "1", "}"),
        Case("placeholders: many attachments, as one argument") { size in
            let count = size / 32
            let text = ByteBuffer(string: array(ofPlaceholders: count))
            let buffers = [ByteBuffer](repeating: ByteBuffer(string: "a"), count: count)
            return {
                let value = try? RawArgument(json: text, binaryValues: buffers).decode(JSONValue.self)
                precondition(value != nil, "the text is valid")
            }
        },
        Case("placeholders: many attachments, each an argument") { size in
            let count = size / 32
            let text = ByteBuffer(string: array(ofPlaceholders: count))
            let buffers = [ByteBuffer](repeating: ByteBuffer(string: "a"), count: count)
            return {
                guard let arguments = try? SocketArguments(json: text, binaryValues: buffers) else { return }
                for index in 0..<arguments.count {
                    let bytes = try? arguments.decode(ByteBuffer.self, at: index)
                    precondition(bytes != nil, "the text is valid")
                    let value = try? arguments.decode(JSONValue.self, at: index)
                    precondition(value != nil, "the text is valid")
                }
            }
        },
    ]
}

// MARK: - Types of an application

extension CostTests {
    private struct Wrapped: Codable {
        var value: JSONValue
    }

    private static func decode<Value: Decodable & Sendable>(
        _ description: String,
        _ type: Value.Type,
        _ start: String,
        _ unit: String,
        _ end: String
    ) -> Case {
        Case("decoding: " + description, start, unit, end) { text in
            _ = try? RawArgument(json: text).decode(type)
        }
    }

    fileprivate static let codable = [
        decode("integers", [Int].self, "[0", ",1", "]"),
        decode("one integer", Int.self, "", "1", ""),
        decode("one number", Double.self, "", "1", ""),
        decode("numbers", [Double].self, "[0", ",1.25", "]"),
        decode("strings", [String].self, "[\"\"", ",\"abc\"", "]"),
        decode("escapes", [String].self, "[\"", "\\n", "\"]"),
        decode("members of one name", [String: Int].self, "{\"a\":1", ",\"a\":1", "}"),
        decode("nested arrays of any type", Wrapped.self, "{\"value\":[0", ",[[[[1]]]]", "]}"),
        decode("objects of any type", Wrapped.self, "{\"value\":[0", ",{\"a\":{\"b\":1}}", "]}"),
        decode("a long date", Date.self, "\"2000-01-01T00:00:00.", "0", "Z\""),
        decode("what is no date", Date.self, "\"", "2000-", "\""),
        decode("dates", [Date].self, "[\"2000-01-01T00:00:00Z\"", ",\"2000-01-01T00:00:00.000Z\"", "]"),
    ]
}

// MARK: - MessagePack and queries

extension CostTests {
    private static func messagePack(_ description: String, _ unit: [UInt8]) -> Case {
        Case("MessagePack: " + description) { size in
            let count = size / unit.count
            var bytes: [UInt8] = [0x83, 0xA4] + Array("type".utf8) + [2, 0xA3] + Array("nsp".utf8) + [0xA1, 0x2F]
            bytes +=
                [0xA4] + Array("data".utf8) + [0xDD]
                + (0..<4).map { UInt8(truncatingIfNeeded: (count + 1) >> (24 - 8 * $0)) }
            bytes += [0xA1, 0x65]
            for _ in 0..<count { bytes += unit }
            let message = ByteBuffer(bytes: bytes)
            let parser = MessagePackParser()
            return {
                var decoder = parser.makeDecoder(limits: ParserLimits(maxAttachments: 100_000))
                guard let packet = try? decoder.receive(.binary(message)) else {
                    preconditionFailure("the message is valid")
                }
                _ = parser.encode(packet)
                _ = try? Packet.checked(packet, limits: ParserLimits(maxAttachments: 100_000), allowsQuery: false)
            }
        }
    }

    private static func query(_ description: String, _ unit: String) -> Case {
        Case("query: " + description, "", unit, "") { _ = QueryString.parse($0) }
    }

    fileprivate static let others = [
        messagePack("integers", [1]),
        messagePack("nothing", [0xC0]),
        messagePack("numbers", [0xCB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]),
        messagePack("texts", [0xA3, 0x61, 0x62, 0x63]),
        messagePack("binary values", [0xC4, 1, 0xFF]),
        messagePack("dates", [0xD7, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        messagePack("maps", [0x82, 0xA1, 0x61, 1, 0xA1, 0x62, 0x90]),
        messagePack("nested arrays", [UInt8](repeating: 0x91, count: 30) + [0xC0]),
        query("items", "ab=cd&"),
        query("ampersands", "&"),
        query("escapes", "%41"),
        query("half escapes", "%"),
        query("one value", "a"),
    ]
}
