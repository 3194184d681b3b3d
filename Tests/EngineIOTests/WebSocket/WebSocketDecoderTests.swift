import NIOCore
import Testing

@testable import EngineIO

@Suite struct WebSocketDecoderTests {
    /// A frame as a client sends it; `length` is what its header claims, in the form that `lengthBytes` says.
    private static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8] = [],
        isFinal: Bool = true,
        reservedBits: UInt8 = 0,
        key: [UInt8]? = [0x37, 0xfa, 0x21, 0x3d],
        length: UInt64? = nil
    ) -> [UInt8] {
        let length = length ?? UInt64(payload.count)
        var frame = [(isFinal ? 0x80 : 0) | reservedBits | opcode]
        let mask: UInt8 = key == nil ? 0 : 0x80
        switch length {
        case ..<126: frame.append(mask | UInt8(length))
        case ...0xffff:
            frame.append(mask | 126)
            frame += withUnsafeBytes(of: UInt16(length).bigEndian) { Array($0) }
        default:
            frame.append(mask | 127)
            frame += withUnsafeBytes(of: length.bigEndian) { Array($0) }
        }
        guard let key else { return frame + payload }
        return frame + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    private static func decode(
        _ reads: [[UInt8]],
        maxMessageSize: Int = 1000,
        allowsCompression: Bool = false
    ) -> [WebSocketDecoder.OnBytes] {
        var decoder = WebSocketDecoder(maxMessageSize: maxMessageSize, allowsCompression: allowsCompression)
        var (spare, answers) = (ByteBuffer(), [WebSocketDecoder.OnBytes]())
        for read in reads {
            decoder.receive(ByteBuffer(bytes: read), spare: &spare)
            while true {
                let answer = decoder.next()
                guard answer != .incomplete else { break }
                answers.append(answer)
            }
            decoder.finish(spare: &spare)
        }
        return answers
    }

    private static let a = ByteBuffer(bytes: [0x61])
    private static let ab = ByteBuffer(bytes: [0x61, 0x62])
    private static let long = Array(repeating: UInt8(0x61), count: 1000)

    typealias Case = (bytes: [UInt8], answers: [WebSocketDecoder.OnBytes])

    /// The rules of RFC 6455, section 5.
    private static let cases: [Case] = [
        (frame(1, [0x61]), [.text(a)]),
        (frame(2, [0x61]), [.binary(a)]),
        (frame(1, [0x61], key: [0, 0, 0, 0]), [.text(a)]),
        (frame(1, Array("Hello, world of frames".utf8)), [.text(ByteBuffer(string: "Hello, world of frames"))]),
        (frame(2, long), [.binary(ByteBuffer(bytes: long))]),
        (frame(1) + frame(2), [.text(ByteBuffer()), .binary(ByteBuffer())]),
        (frame(1, [0x61]) + frame(1, [0x61, 0x62]) + frame(2, [0x61]), [.text(a), .text(ab), .binary(a)]),
        (frame(1, [0x61], isFinal: false) + frame(0, [0x62]), [.text(ab)]),
        (
            frame(2, [0x61], isFinal: false) + frame(9) + frame(0, isFinal: false) + frame(0, [0x62]),
            [.pong(ByteBuffer()), .binary(ab)]
        ),
        // A character may be split between frames.
        (frame(1, [0xc3], isFinal: false) + frame(0, [0xa9]), [.text(ByteBuffer(string: "é"))]),
        (frame(1, [0xc3]), [.fail(.invalidPayload)]),
        (frame(1, Array("0123456".utf8) + [0xff]) + frame(1), [.fail(.invalidPayload)]),
        (frame(0), [.fail(.protocolError)]),
        (frame(1, isFinal: false) + frame(1), [.fail(.protocolError)]),
        (frame(3), [.fail(.protocolError)]),
        (frame(0xb), [.fail(.protocolError)]),
        (frame(1, key: nil), [.fail(.protocolError)]),
        (frame(1, reservedBits: 0x40), [.fail(.protocolError)]),
        (frame(1, reservedBits: 0x20), [.fail(.protocolError)]),
        (frame(1, reservedBits: 0x10), [.fail(.protocolError)]),
        (frame(9, reservedBits: 0x40), [.fail(.protocolError)]),
        (frame(9, isFinal: false), [.fail(.protocolError)]),
        (frame(9, Array(repeating: 0, count: 125)), [.pong(ByteBuffer(repeating: 0, count: 125))]),
        (frame(9, Array(repeating: 0, count: 126)), [.fail(.protocolError)]),
        (frame(0xa) + frame(1, [0x61]), [.text(a)]),
        (frame(8) + frame(1), [.close(nil)]),
        (frame(8, [0x03, 0xe8]), [.close(.normal)]),
        (frame(8, [0x03, 0xe9]), [.close(.goingAway)]),
        (frame(8, [0x03, 0xe9, 0x61]), [.close(.goingAway)]),
        (frame(8, [0x03, 0xe9, 0xff]), [.fail(.invalidPayload)]),
        (frame(8, [0x03, 0xea]), [.close(.normal)]),
        (frame(8, [0x03]), [.fail(.protocolError)]),
        (frame(8, [0x03, 0xed]), [.fail(.protocolError)]),
        (frame(8, [0x03, 0xe8, 0xff]), [.fail(.invalidPayload)]),
        (frame(8, [0x13, 0x87]), [.close(.normal)]),
        (frame(8, [0x13, 0x88]), [.fail(.protocolError)]),
    ]

    @Test(arguments: cases) func followsRFC6455(bytes: [UInt8], answers: [WebSocketDecoder.OnBytes]) {
        #expect(Self.decode([bytes]) == answers)
    }

    @Test(arguments: cases) func readsMayEndAnywhere(bytes: [UInt8], answers: [WebSocketDecoder.OnBytes]) {
        for length in 0...bytes.count {
            #expect(Self.decode([Array(bytes[..<length]), Array(bytes[length...])]) == answers)
        }
        #expect(Self.decode(bytes.map { [$0] }) == answers)
    }

    @Test(arguments: cases) func truncationGivesNothingElse(bytes: [UInt8], answers: [WebSocketDecoder.OnBytes]) {
        for length in 0..<bytes.count {
            let found = Self.decode([Array(bytes[..<length])])
            #expect(found == Array(answers.prefix(found.count)))
        }
    }

    @Test func messagesStayAsTheyAreWhenMoreArrives() {
        var decoder = WebSocketDecoder(maxMessageSize: 1000)
        var (spare, messages) = (ByteBuffer(), [WebSocketDecoder.OnBytes]())
        for byte in UInt8(0x61)...0x70 {
            let bytes = Self.frame(2, [byte]) + Self.frame(2, [byte, byte])
            decoder.receive(ByteBuffer(bytes: bytes), spare: &spare)
            messages += [decoder.next(), decoder.next()]
            decoder.finish(spare: &spare)
        }
        let expected = (UInt8(0x61)...0x70).flatMap { byte -> [WebSocketDecoder.OnBytes] in
            [.binary(ByteBuffer(bytes: [byte])), .binary(ByteBuffer(bytes: [byte, byte]))]
        }
        #expect(messages == expected)
    }

    @Test func aDriverMayStopBeforeAllIsTakenOut() {
        var decoder = WebSocketDecoder(maxMessageSize: 1000)
        var spare = ByteBuffer()
        decoder.receive(ByteBuffer(bytes: Self.frame(2, [0x61]) + Self.frame(2, [0x61, 0x62])), spare: &spare)
        #expect(decoder.next() == .binary(Self.a))
        decoder.finish(spare: &spare)
        decoder.receive(ByteBuffer(bytes: Self.frame(1, [0x61])), spare: &spare)
        #expect(decoder.next() == .binary(Self.ab))
        #expect(decoder.next() == .text(Self.a))
        #expect(decoder.next() == .incomplete)
    }

    @Test func decodersShareABuffer() {
        var slow = WebSocketDecoder(maxMessageSize: 1000)
        var other = WebSocketDecoder(maxMessageSize: 1000)
        var spare = ByteBuffer()
        let text = Self.frame(1, [0x61, 0x62])
        slow.receive(ByteBuffer(bytes: text[..<5]), spare: &spare)
        #expect(slow.next() == .incomplete)
        slow.finish(spare: &spare)
        other.receive(ByteBuffer(bytes: Self.frame(2, [0x61])), spare: &spare)
        #expect(other.next() == .binary(Self.a))
        other.finish(spare: &spare)
        slow.receive(ByteBuffer(bytes: text[5...]), spare: &spare)
        #expect(slow.next() == .text(Self.ab))
    }

    @Test(
        arguments: [
            (frame(2, [1, 2]), [.binary(ByteBuffer(bytes: [1, 2]))]),
            (frame(2, [1, 2], isFinal: false) + frame(0), [.binary(ByteBuffer(bytes: [1, 2]))]),
            (frame(2, [1, 2], isFinal: false) + frame(0, [3]), [.tooLarge(3)]),
            (frame(2, [1, 2, 3]), [.tooLarge(3)]),
            // Before any of it has come.
            (frame(2, length: 3), [.tooLarge(3)]),
            (frame(2, length: 70_000), [.tooLarge(70_000)]),
            (frame(2, length: .max), [.tooLarge(.max)]),
            (frame(2, [1], isFinal: false) + frame(0, length: .max - 1), [.tooLarge(.max)]),
            (frame(2, [1], isFinal: false) + frame(0, length: .max), [.tooLarge(.max)]),
            (frame(9, length: 126), [.fail(.protocolError)]),
        ] as [Case]
    )
    func limitsMessages(bytes: [UInt8], answers: [WebSocketDecoder.OnBytes]) {
        #expect(Self.decode([bytes], maxMessageSize: 2) == answers)
    }

    /// RFC 7692, section 6.
    @Test(
        arguments: [
            (frame(1, [0x61], reservedBits: 0x40), [.compressed(a, isBinary: false)]),
            (frame(2, [0xff], reservedBits: 0x40), [.compressed(ByteBuffer(bytes: [0xff]), isBinary: true)]),
            (
                frame(1, [0x61], isFinal: false, reservedBits: 0x40) + frame(0, [0x62]) + frame(1, [0x61]),
                [.compressed(ab, isBinary: false), .text(a)]
            ),
            (
                frame(1, [0x61], isFinal: false, reservedBits: 0x40) + frame(0, [0x62], reservedBits: 0x40),
                [.fail(.protocolError)]
            ),
            (frame(9, reservedBits: 0x40), [.fail(.protocolError)]),
            (frame(1, [0x61], reservedBits: 0x60), [.fail(.protocolError)]),
        ] as [Case]
    )
    func passesOnWhatIsCompressed(bytes: [UInt8], answers: [WebSocketDecoder.OnBytes]) {
        #expect(Self.decode([bytes], allowsCompression: true) == answers)
    }
}
