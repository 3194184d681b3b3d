import NIOCore
import Testing

@testable import EngineIO

@Suite struct Base64Tests {
    /// The ways of clients to write the same bytes.
    enum Style: CaseIterable {
        case plain
        case unpadded
        case forURLs
        case forURLsUnpadded
        case lineEndBehind
        case linesOf76
        case linesOf76WithCarriageReturns
        case spaces

        func write(_ bytes: [UInt8]) -> String {
            var buffer = ByteBuffer()
            Base64.encode(ByteBuffer(bytes: bytes), into: &buffer)
            let text = String(buffer: buffer)
            let urls = String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            switch self {
            case .plain: return text
            case .unpadded: return String(text.filter { $0 != "=" })
            case .forURLs: return urls
            case .forURLsUnpadded: return String(urls.filter { $0 != "=" })
            case .lineEndBehind: return text + "\n"
            case .linesOf76: return lines(of: text, "\n")
            case .linesOf76WithCarriageReturns: return lines(of: text, "\r\n")
            case .spaces: return text.map { " \($0)" }.joined() + "\t"
            }
        }

        private func lines(of text: String, _ end: String) -> String {
            stride(from: 0, to: text.count, by: 76)
                .map { String(text.dropFirst($0).prefix(76)) + end }.joined()
        }
    }

    @Test(arguments: Style.allCases, [0, 1, 2, 3, 4, 56, 57, 58, 113, 114, 115, 1000])
    func decodesWhateverAClientWrites(style: Style, count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 251 &+ 62) }
        let text = style.write(bytes)
        #expect(Base64.decode(ByteBuffer(string: text)) == ByteBuffer(bytes: bytes), "\(text)")
    }

    @Test func decodesEveryDigitOfBothAlphabets() {
        let bytes = (0..<48).map { UInt8(truncatingIfNeeded: $0 &* 5) } + [0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff]
        for style in Style.allCases {
            #expect(Base64.decode(ByteBuffer(string: style.write(bytes))) == ByteBuffer(bytes: bytes))
        }
    }

    @Test(arguments: ["A", "AAAAA", "A=", "A==", "A===", "AA=", "AA===", "AAA==", "AAAA=", "=", "==", "AA==AA", "AA=A"])
    func refusesWhatEndsAmongTheBitsOfAByte(text: String) {
        #expect(Base64.decode(ByteBuffer(string: text)) == nil)
    }

    @Test(arguments: ["!", ".", ",", ":", "\u{0}", "\u{b}", "\u{7f}", "é", "\u{a0}", "\\n", "%"])
    func refusesEverythingElse(garbage: String) {
        for text in [garbage + "AAAA", "AA" + garbage + "AA", "AAAA" + garbage, "AA==" + garbage] {
            #expect(Base64.decode(ByteBuffer(string: text)) == nil)
        }
    }

    /// The same, as a packet of both protocols and in the payload of a POST.
    @Test(arguments: Style.allCases)
    func payloadsCarryEveryStyle(style: Style) throws {
        let bytes: [UInt8] = (0..<100).map { 255 - $0 }
        let text = style.write(bytes)
        let message = EnginePacket.message(.binary(ByteBuffer(bytes: bytes)))
        var v4 = PayloadV4.Decoder(ByteBuffer(string: "4a\u{1e}b\(text)\u{1e}4b"))
        _ = try v4.next()
        #expect(try v4.next() == message)
        #expect(try v4.next() == .message(.text(ByteBuffer(string: "b"))))
        // Protocol 3 counts the line ends.
        var v3 = PayloadV3.Decoder(ByteBuffer(string: "\(text.utf8.count + 2):b4\(text)2:4b"), isBinary: false)
        #expect(try v3.next() == message)
        #expect(try v3.next() == .message(.text(ByteBuffer(string: "b"))))
    }
}
