import STUN
import Testing

@Suite struct StreamFramingTests {
    private let framing = StreamFraming(maximumMessageLength: 100)

    @Test(
        arguments: [
            ("", .needsMore), ("00", .needsMore), ("000100", .needsMore), ("00010000", .needsMore),
            ("000100002112a4", .needsMore), ("000100002112a442", .message(length: 20)),
            ("000100502112a442", .message(length: 100)),
            ("00010054", .violation(.messageTooLong)), ("0001fffc", .violation(.messageTooLong)),
            ("00010001", .violation(.misalignedLength)), ("0001ffff", .violation(.misalignedLength)),
            ("40", .violation(.notSTUN)), ("80", .violation(.notSTUN)), ("47455420", .violation(.notSTUN)),
            ("000100002112a443", .violation(.wrongMagicCookie)),
        ] as [(String, StreamFraming.OnPrefix)]
    )
    func prefixes(hex: String, expected: StreamFraming.OnPrefix) {
        #expect(framing.receive(prefix: bytes(hex: hex).span) == expected)
    }

    @Test(arguments: Vectors.all.keys.sorted())
    func everyPrefixOfAMessageIsConsistent(name: String) throws {
        let message = try #require(Vectors.all[name])
        let framing = StreamFraming()
        for length in 0...message.count {
            let answer = framing.receive(prefix: Array(message[..<length]).span)
            #expect(answer == (length < 8 ? .needsMore : .message(length: message.count)))
        }
    }
}
