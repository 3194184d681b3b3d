import Testing

@testable import Networking

@Suite struct Base64URLTests {
    /// RFC 4648 §10, and what is its own in the alphabet for URLs.
    @Test(
        arguments: [
            ("", []), ("Zg", Array("f".utf8)), ("Zm8", Array("fo".utf8)), ("Zm9v", Array("foo".utf8)),
            ("Zm9vYg", Array("foob".utf8)), ("Zm9vYmE", Array("fooba".utf8)), ("Zm9vYmFy", Array("foobar".utf8)),
            ("-_-_", [0xFB, 0xFF, 0xBF]), ("AA", [0]), ("_w", [255]), ("AAA", [0, 0]), ("AAAA", [0, 0, 0]),
        ] as [(String, [UInt8])]
    )
    func vectors(text: String, bytes: [UInt8]) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: [
        "A", "AAAAA", "Zg==", "Zg=", "Zm8=", "+/+/", "Zm9v ", " Zm9v", "Zm9v\n", "Zm.v", "ÄÄ", "Zh", "Zv", "Zm9", "_x",
        "AB",
    ])
    func hasOneSpellingOnly(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func everyByteComesBack() {
        for length in 0...257 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let text = Base64URL.encode(bytes)
            #expect(text.utf8.count == (length * 4 + 2) / 3)
            #expect(Base64URL.decode(text) == bytes)
        }
    }
}

@Suite struct RandomIDTests {
    @Test func hasTwentyCharacters() {
        let ids = (0..<1000).map { _ in RandomID.make() }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9_\-]{20}/) != nil })
        // Every place has every character sooner or later.
        #expect(Set(ids.flatMap(\.utf8)).count == 64)
    }
}

@Suite struct ConstantTimeTests {
    @Test(arguments: [
        ("abc", "abc", true), ("abc", "ab", false), ("ab", "abc", false), ("abc", "abd", false), ("abc", "xbc", false),
        ("", "", true), ("a", "", false),
        // The same text for a reader, other bytes.
        ("\u{E9}", "e\u{301}", false),
    ])
    func compares(left: String, right: String, areEqual: Bool) {
        #expect(constantTimeEquals(left, right) == areEqual)
        let (leftBytes, rightBytes) = (Array(left.utf8), Array(right.utf8))
        let result = constantTimeEquals(leftBytes.span, rightBytes.span)
        #expect(result == areEqual)
    }
}
