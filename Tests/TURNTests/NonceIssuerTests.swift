import STUN
import Testing

@testable import TURN

@Suite struct NonceIssuerTests {
    private static let client = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 5000)
    private static let secret = [UInt8](0..<32)
    private let issuer = NonceIssuer(secret: secret, lifetime: .seconds(600))

    @Test func knowsItsOwn() {
        let nonce = issuer.makeNonce(for: Self.client, at: 1000)
        #expect(nonce.text.utf8.count == 29)
        #expect(nonce.text.hasPrefix("obMatJos2gAAB"))
        #expect(issuer.judge(nonce, from: Self.client, at: 1000) == .valid)
        #expect(NonceIssuer(secret: Self.secret).judge(nonce, from: Self.client, at: 1000) == .valid)
    }

    @Test(
        arguments: [(1000, .valid), (1600, .valid), (1601, .stale), (400, .valid), (399, .stale)]
            as [(UInt32, NonceIssuer.Verdict)]
    )
    func growsStale(time: UInt32, verdict: NonceIssuer.Verdict) {
        #expect(issuer.judge(issuer.makeNonce(for: Self.client, at: 1000), from: Self.client, at: time) == verdict)
    }

    @Test func isGoodForOneAddress() {
        let nonce = issuer.makeNonce(for: Self.client, at: 1000)
        for other in [
            TransportAddress(ip: Self.client.ip, port: 5001),
            TransportAddress(ip: IPAddress(ipv4: 0xC000_0202), port: 5000),
            TransportAddress(ip: IPAddress(ipv6High: 0, low: 0xC000_0201), port: 5000),
        ] {
            #expect(issuer.judge(nonce, from: other, at: 1000) == .stale)
            #expect(issuer.makeNonce(for: other, at: 1000) != nonce)
        }
    }

    /// For a request that comes by a connection of its own, the port may be another; the host may not.
    @Test func isGoodForOneHostWhereThatIsAskedFor() {
        let nonce = issuer.makeNonce(for: Self.client, at: 1000)
        let otherPort = TransportAddress(ip: Self.client.ip, port: 5001)
        let otherHost = TransportAddress(ip: IPAddress(ipv4: 0xC000_0202), port: 5000)
        #expect(issuer.judge(nonce, from: otherPort, at: 1000, fromAnyPort: true) == .valid)
        #expect(issuer.judge(nonce, from: otherPort, at: 1601, fromAnyPort: true) == .stale)
        #expect(issuer.judge(nonce, from: otherHost, at: 1000, fromAnyPort: true) == .stale)
    }

    @Test func refusesEveryChange() throws {
        let text = issuer.makeNonce(for: Self.client, at: 1000).text
        for index in text.indices {
            for replacement in ["A", "B", "-", "+", "=", "\u{E4}"] where String(text[index]) != replacement {
                let changed = text.replacingCharacters(index, replacement)
                for anyPort in [false, true] {
                    let verdict = issuer.judge(try Nonce(changed), from: Self.client, at: 1000, fromAnyPort: anyPort)
                    #expect(verdict == .stale, "\(changed)")
                }
            }
        }
        for length in 0..<text.count {
            #expect(issuer.judge(try Nonce(String(text.prefix(length))), from: Self.client, at: 1000) == .stale)
        }
        #expect(issuer.judge(try Nonce(text + "A"), from: Self.client, at: 1000) == .stale)
        #expect(NonceIssuer().judge(try Nonce(text), from: Self.client, at: 1000) == .stale)
    }
}

extension String {
    fileprivate func replacingCharacters(_ index: Index, _ replacement: String) -> String {
        self[..<index] + replacement + self[self.index(after: index)...]
    }
}
