import Crypto
import Testing

@testable import STUN

@Suite struct MessageTests {
    @Test(
        arguments: [
            ("", .truncatedHeader),
            ("000100002112a442000102030405060708090a", .truncatedHeader),
            ("400100002112a442000102030405060708090a0b", .notSTUN),
            ("800100002112a442000102030405060708090a0b", .notSTUN),
            ("000100002112a443000102030405060708090a0b", .wrongMagicCookie),
            ("000100022112a442000102030405060708090a0b 0000", .misalignedLength),
            ("000100042112a442000102030405060708090a0b", .lengthMismatch),
            ("000100002112a442000102030405060708090a0b 80220000", .lengthMismatch),
            ("000100042112a442000102030405060708090a0b 80220001", .truncatedAttribute),
            ("000100082112a442000102030405060708090a0b 80220005 61616161", .truncatedAttribute),
            ("000100082112a442000102030405060708090a0b 8022ffff 61616161", .truncatedAttribute),
            ("0001000c2112a442000102030405060708090a0b 80280004 00000000 80220000", .attributeAfterFingerprint),
            ("000100082112a442000102030405060708090a0b 80280000 80280000", .attributeAfterFingerprint),
        ] as [(String, STUNError)]
    )
    func brokenMessages(hex: String, expected: STUNError) {
        #expect(failure { () throws(STUNError) in _ = try MessageContents(bytes(hex: hex)) } == expected)
    }

    @Test func theFirstOfSeveralCounts() throws {
        let bytes = request([(0x0006, "61"), (0x0006, "62")])
        let message = try STUNMessage(bytes.span)
        let username = try message.first(Username.self)
        #expect(username?.text == "a")
        #expect(try MessageContents(bytes).attributes.map(\.value) == [[0x61], [0x62]])
    }

    /// What is in the message, and what of it counts (RFC 8489 §14.5 to §14.7).
    @Test(
        arguments: [
            ([0x0006, 0x8022], [0x0006, 0x8022]),
            ([0x0008, 0x0006], [0x0008]),
            ([0x0008, 0x0006, 0x001C, 0x8022, 0x8028], [0x0008, 0x001C, 0x8028]),
            ([0x0008, 0x0008], [0x0008]),
            ([0x001C, 0x0008, 0x8028], [0x001C, 0x8028]),
            ([0x001C, 0x001C], [0x001C]),
            ([0x0006, 0x0008, 0x7FFF, 0x8028], [0x0006, 0x0008, 0x8028]),
        ] as [([UInt16], [UInt16])]
    )
    func whatFollowsIntegrityDoesNotCount(present: [UInt16], counting: [UInt16]) throws {
        let contents = try MessageContents(request(present.map { ($0, "00000000") }))
        #expect(contents.attributes.map(\.type.rawValue) == counting)
    }

    @Test func paddingMayHoldAnything() throws {
        let message = try MessageContents(request([(0x0006, "616263"), (0x8022, "61")]))
        #expect(message.attributes.map(\.value) == [[0x61, 0x62, 0x63], [0x61]])
    }

    @Test(arguments: [(0, false), (15, false), (16, true), (18, false), (20, true), (32, true), (36, false)])
    func sha256CodesMayBeTruncatedInStepsOfFour(length: Int, valid: Bool) throws {
        let key = Vectors.shortTerm
        let zeros = String(repeating: "00", count: length)
        var bytes = request([(0x001C, zeros)])
        let code = Array(
            authenticationCode(of: bytes.span, upTo: 20, attributeLength: length, key: key, using: SHA256.self)
        )
        bytes.replaceSubrange(24..<(24 + min(length, 32)), with: code.prefix(length))
        let message = try STUNMessage(bytes.span)
        let check = message.checkMessageIntegritySHA256(key: key)
        #expect(check == (valid ? .valid : .invalid))
    }

    @Test(arguments: [0, 16, 19, 21, 32])
    func sha1CodesHaveTwentyBytes(length: Int) throws {
        let bytes = request([(0x0008, String(repeating: "00", count: length))])
        let message = try STUNMessage(bytes.span)
        let check = message.checkMessageIntegrity(key: Vectors.shortTerm)
        #expect(check == .invalid)
    }

    @Test(arguments: [0, 3, 5, 8])
    func fingerprintsHaveFourBytes(length: Int) throws {
        let bytes = request([(0x8028, String(repeating: "00", count: length))])
        let message = try STUNMessage(bytes.span)
        let check = message.checkFingerprint()
        #expect(check == .invalid)
    }

    @Test func checksum() {
        #expect(CRC32.checksum(Array("123456789".utf8).span) == 0xCBF4_3926)
        #expect(CRC32.checksum([UInt8]().span) == 0)
    }

    /// Random bytes behind a right header: everything is read, nothing traps.
    @Test func randomAttributesNeverTrap() {
        var generator = SplitMix(state: 8489)
        var accepted = 0
        for _ in 0..<20_000 {
            var message = request([])
            let types: [UInt16] = [0x0001, 0x0006, 0x0008, 0x0009, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E]
            let others: [UInt16] = [0x0020, 0x8002, 0x8003, 0x8022, 0x8023, 0x8028]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let type = (types + others).randomElement(using: &generator) ?? 0
                let length = Int.random(in: 0...40, using: &generator)
                let claimed = Int.random(in: 0..<20, using: &generator) == 0 ? length + 1 : length
                message += [UInt8(type >> 8), UInt8(type & 0xFF), 0, UInt8(claimed)]
                for _ in 0..<((length + 3) & ~3) {
                    message.append(UInt8.random(in: 0...255, using: &generator) & 0x7F)
                }
            }
            message[2] = UInt8((message.count - 20) >> 8)
            message[3] = UInt8((message.count - 20) & 0xFF)
            guard let view = try? STUNMessage(message.span) else { continue }
            accepted += 1
            for attribute in attributeTypes {
                _ = try? view.firstValue(attribute)
            }
            _ = view.checkMessageIntegrity(key: Vectors.shortTerm)
            _ = view.checkMessageIntegritySHA256(key: Vectors.shortTerm)
            _ = view.checkFingerprint()
        }
        #expect(accepted > 5000)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
