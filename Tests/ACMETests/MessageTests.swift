import Crypto
import FoundationEssentials
import Networking
import SwiftASN1
import Testing
import X509

@testable import ACME

@Suite
struct MessageTests {
    /// The key of RFC 7515 A.3.1; its name is that of many a library's tests.
    @Test
    func keysHaveTheirNames() throws {
        let secret = try #require(Base64URL.decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
        let key = AccountKey(try P256.Signing.PrivateKey(rawRepresentation: secret))
        #expect(key.webKey.x == "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        #expect(key.webKey.y == "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        #expect(key.keyAuthorization(of: "t") == "t.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")
        #expect(AccountKey(pem: key.pem)?.webKey == key.webKey)
        for length in 0..<key.pem.utf8.count - 25 { #expect(AccountKey(pem: String(key.pem.prefix(length))) == nil) }
    }

    @Test
    func requestsAreSigned() throws {
        let key = AccountKey(P256.Signing.PrivateKey())
        let request = try SignedRequest(
            [],
            to: "https://ca.example/a",
            nonce: "n",
            as: .account("https://ca.example/1"),
            with: key
        )
        let header = String(decoding: try #require(Base64URL.decode(request.header)), as: UTF8.self)
        #expect(header == #"{"alg":"ES256","kid":"https://ca.example/1","nonce":"n","url":"https://ca.example/a"}"#)
        #expect(request.payload == "")
        #expect(Base64URL.decode(request.signature)?.count == 64)
        let body = String(decoding: try JSON.encode(request), as: UTF8.self)
        #expect(body.hasPrefix(#"{"payload":"","protected":""#))
    }

    @Test(
        arguments: [
            ("0", 0.0), ("120", 120), ("9999999999", 9_999_999_999), ("", nil), ("-1", nil), ("1.5", nil), ("+1", nil),
            ("99999999999", nil), ("soon", nil), ("Sun, 06 Nov 1994 08:49:37 GMT", 97),
            ("Sun, 06 Nov 1994 08:47:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 UTC", nil), ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Xyz 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, -6 Nov 1994 08:49:37 GMT", nil),
            (String(repeating: "9", count: 10_000), nil),
        ] as [(String, Double?)]
    )
    func waitsAreRead(text: String, seconds: Double?) {
        // 1994-11-06 08:48:00
        let duration = RetryAfter.duration(text, at: Date(timeIntervalSince1970: 784_111_680))
        #expect(duration == seconds.map { .seconds($0) })
    }

    @Test(arguments: [
        (0.0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func datesAreRead(seconds: Double, text: String) {
        #expect(RetryAfter.date(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: Problem.Kind.registered)
    func everyProblemHasWords(kind: Problem.Kind) throws {
        let text = #"{"type":"urn:ietf:params:acme:error:\#(kind.name)","detail":"because"}"#
        let problem = try #require(JSON.decode(Array(text.utf8), as: Problem.self))
        #expect(problem == Problem(kind, detail: "because"))
        #expect("\(problem)".hasSuffix("(because)"))
        #expect(!kind.words.isEmpty)
        for length in 0..<text.utf8.count {
            #expect(JSON.decode(Array(text.utf8.prefix(length)), as: Problem.self) == nil)
        }
    }

    @Test(
        arguments: [
            (#"{"type":"about:blank"}"#, "it says about:blank"),
            (#"{"type":"urn:ietf:params:acme:error:new","detail":"x"}"#, "it says new (x)"),
            (
                #"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"a\u001b[2J\nb\u202e"}"#,
                "there were too many requests for this account, name or network (a [2J b )"
            ),
            (
                #"{"type":"urn:ietf:params:acme:error:compound","subproblems":[{"type":"urn:ietf:params:acme:error:caa","detail":"no","identifier":{"type":"dns","value":"a.example"}}]}"#,
                "several names have problems (a.example: no)"
            ),
        ]
    )
    func problemsAreOneLine(text: String, words: String) {
        #expect(JSON.decode(Array(text.utf8), as: Problem.self)?.description == words)
    }

    @Test
    func longWordsAreCut() {
        let long = String(repeating: "a", count: Problem.maximumDetailLength)
        #expect(Problem.line(long) == long)
        #expect(Problem.line(long + "b") == long)
    }

    @Test
    func addressesAndTokensHaveALength() {
        let most = "https://ca.example/" + String(repeating: "a", count: ResourceAddress.maximumLength - 19)
        #expect(ResourceAddress(most)?.text == most)
        #expect(ResourceAddress(most + "a") == nil)
        let token = String(repeating: "t", count: Challenge.maximumTokenLength)
        #expect(Challenge.isUsable(token: token))
        #expect(!Challenge.isUsable(token: token + "t") && !Challenge.isUsable(token: ""))
    }

    @Test
    func depthIsNoTrap() {
        let deep = Array((String(repeating: "[", count: 100_000)).utf8)
        #expect(JSON.decode(deep, as: Problem.self) == nil)
    }

    @Test(
        arguments: [
            ("talk.example.org", "talk.example.org"), ("Talk.Example.ORG.", "talk.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("localhost", nil), ("*.example.org", nil),
            ("192.0.2.1", nil),
            ("2001:db8::1", nil), ("", nil), (".", nil), ("a..b", nil), ("-a.example", nil), ("a-.example", nil),
            ("a_b.example", nil), ("bücher.example", nil), ("a.example:443", nil), ("https://a.example", nil),
            (String(repeating: "a", count: 63) + ".example", String(repeating: "a", count: 63) + ".example"),
            (String(repeating: "a", count: 64) + ".example", nil),
            (String(repeating: "ab.", count: 82) + "example", String(repeating: "ab.", count: 82) + "example"),
            (String(repeating: "ab.", count: 82) + "examples", nil),
        ] as [(String, String?)]
    )
    func namesAreChecked(text: String, name: String?) {
        #expect(DomainName(text)?.description == name)
    }

    /// RFC 8737 §3.
    @Test
    func aChallengeCertificateHasTheHash() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let made = try ChallengeCertificate(for: "talk.example.org", keyAuthorization: "a.b", at: now)
        let read = try KeyedCertificate(pem: made.pem)
        #expect(read.names == ["talk.example.org"])
        let documents = try PEMDocument.parseMultiple(pemString: made.pem)
        let certificate = try Certificate(pemDocument: try #require(documents.last))
        let found = try #require(certificate.extensions[oid: [1, 3, 6, 1, 5, 5, 7, 1, 31]])
        #expect(found.critical)
        #expect(Array(found.value) == [0x04, 0x20] + Array(SHA256.hash(data: Data("a.b".utf8))))
        #expect(certificate.extensions.count == 2)
    }

    @Test
    func keyAndCertificateBelongTogether() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let one = try ChallengeCertificate(for: "a.example", keyAuthorization: "a", at: now).pem
        let two = try ChallengeCertificate(for: "b.example", keyAuthorization: "b", at: now).pem
        #expect(try KeyedCertificate(pem: one).isSelfSigned)
        let documents = try [one, two].map { try PEMDocument.parseMultiple(pemString: $0) }
        let mixed = documents[0][0].pemString + "\n" + documents[1][1].pemString
        #expect(throws: KeyedCertificate.Problem.otherKey) { try KeyedCertificate(pem: mixed) }
        #expect(throws: KeyedCertificate.Problem.noKey) { try KeyedCertificate(pem: documents[0][1].pemString) }
        #expect(throws: KeyedCertificate.Problem.noCertificate) { try KeyedCertificate(pem: documents[0][0].pemString) }
        for length in stride(from: 0, to: one.utf8.count - 30, by: 3) {
            #expect(throws: KeyedCertificate.Problem.self) { try KeyedCertificate(pem: String(one.prefix(length))) }
        }
    }
}
