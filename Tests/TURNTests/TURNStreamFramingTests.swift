import STUN
import TURN
import Testing

@Suite struct TURNStreamFramingTests {
    private static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]

    /// Messages of both kinds, with lengths around the padding.
    private static let messages: [[UInt8]] =
        [0, 4, 8].map { length in
            [0x00, 0x01, 0x00, UInt8(length)] + cookie + [UInt8](repeating: 0xAA, count: 12 + length)
        }
        + (0...5).map { length in
            let data = [UInt8](repeating: 0x40, count: length)
            return [0x40, 0x00, 0x00, UInt8(length)] + data + [UInt8](repeating: 0, count: (4 - length % 4) % 4)
        }

    private static func header(_ first: UInt8, _ second: UInt8, length: Int) -> [UInt8] {
        [first, second, UInt8(length >> 8), UInt8(length & 0xFF)]
    }

    @Test(
        arguments: [
            ([], .needsMore), ([0x00], .needsMore), ([0x00, 0x01], .needsMore), ([0x00, 0x01, 0x00], .needsMore),
            ([0x00, 0x01, 0x00, 0x00], .needsMore),
            ([0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xA4], .needsMore),
            ([0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xA4, 0x42], .message(length: 20)),
            ([0x3F, 0xFF, 0x00, 0x04, 0x21, 0x12, 0xA4, 0x42], .message(length: 24)),
            ([0x00, 0x01, 0xFF, 0xFC, 0x21, 0x12, 0xA4, 0x42], .message(length: 65_552)),
            ([0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xA4, 0x43], .violation(.wrongMagicCookie)),
            ([0x00, 0x01, 0x00, 0x01], .violation(.misalignedLength)),
            ([0x00, 0x01, 0xFF, 0xFF], .violation(.misalignedLength)),
            ([0x40], .needsMore), ([0x40, 0x00], .needsMore), ([0x40, 0x00, 0x00], .needsMore),
            ([0x40, 0x00, 0x00, 0x00], .message(length: 4)),
            ([0x4F, 0xFF, 0x00, 0x01], .message(length: 8)),
            ([0x40, 0x00, 0x00, 0x04], .message(length: 8)),
            ([0x40, 0x00, 0x00, 0x05], .message(length: 12)),
            // 65,535 + 4 is 3 in 16 bits, and 65,533 rounded up is 0.
            ([0x40, 0x00, 0xFF, 0xFF], .message(length: 65_540)),
            ([0x40, 0x00, 0xFF, 0xFD], .message(length: 65_540)),
            ([0x40, 0x00, 0xFF, 0xFC], .message(length: 65_536)),
            ([0x7F, 0xFE, 0x00, 0x04], .message(length: 8)), ([0x80], .violation(.notTURN)),
            ([0xFF], .violation(.notTURN)),
            // "G" could begin ChannelData: HTTP has to be told apart before.
            (Array("GET".utf8), .needsMore), (Array("POST".utf8), .message(length: 21_336)),
        ] as [([UInt8], TURNStreamFraming.OnPrefix)]
    )
    func prefixes(bytes: [UInt8], expected: TURNStreamFraming.OnPrefix) {
        #expect(TURNStreamFraming().receive(prefix: bytes.span) == expected)
    }

    @Test(arguments: [20, 24, 2048, 65_536])
    func limits(limit: Int) {
        let framing = TURNStreamFraming(maximumLength: limit)
        let message = Self.header(0, 1, length: limit - 20) + Self.cookie
        #expect(framing.receive(prefix: message.span) == .message(length: limit))
        let channelData = Self.header(0x40, 0, length: limit - 4)
        #expect(framing.receive(prefix: channelData.span) == .message(length: limit))
        // One past it, told from the first four bytes.
        if limit < 65_536 {
            let longer = Self.header(0, 1, length: limit - 16)
            #expect(framing.receive(prefix: longer.span) == .violation(.messageTooLong))
        }
        let padded = Self.header(0x40, 0, length: limit - 3)
        #expect(framing.receive(prefix: padded.span) == .violation(.messageTooLong))
    }

    /// Wherever the stream is cut, the whole messages before the cut are found and no more.
    @Test func everyPointOfTheStream() {
        let stream = Self.messages.flatMap { $0 }
        let framing = TURNStreamFraming()
        for cut in 0...stream.count {
            var length = 0
            var count = 0
            for message in Self.messages {
                guard length + message.count <= cut else { break }
                length += message.count
                count += 1
            }
            let found = framing.receive(stream: Array(stream[..<cut]).span)
            #expect(found == TURNStreamFraming.Found(length: length, count: count))
        }
    }

    @Test func whatFollowsAViolationIsNotRead() {
        let stream = Self.messages[0] + Self.messages[5] + [0x80] + Self.messages[0]
        let found = TURNStreamFraming().receive(stream: stream.span)
        let length = Self.messages[0].count + Self.messages[5].count
        #expect(found == TURNStreamFraming.Found(length: length, count: 2, violation: .notTURN))
    }

    /// What comes after a request to carry a peer's connection may be for the peer, whatever it looks like.
    @Test func whatFollowsAConnectionBindIsNotRead() {
        let request = [0x00, 0x0B, 0x00, 0x00] + Self.cookie + [UInt8](repeating: 0xAA, count: 12)
        let found = TURNStreamFraming().receive(stream: (Self.messages[0] + request + [0x80]).span)
        #expect(found == TURNStreamFraming.Found(length: 40, count: 2, endsWithConnectionBind: true))
        let cut = TURNStreamFraming().receive(stream: (Self.messages[0] + request.dropLast()).span)
        #expect(cut == TURNStreamFraming.Found(length: 20, count: 1))
    }

    /// Whatever comes, the answer is one that a reader can act on.
    @Test func randomPrefixes() {
        var generator = SystemRandomNumberGenerator()
        let framing = TURNStreamFraming()
        for _ in 0..<10_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            switch framing.receive(prefix: bytes.span) {
            case .needsMore: #expect(bytes.count < 8)
            case .message(let length):
                #expect(length >= 4)
                #expect(length.isMultiple(of: 4))
                #expect(length <= TURNStreamFraming.longestMessage)
            case .violation: #expect(!bytes.isEmpty)
            }
        }
    }
}
