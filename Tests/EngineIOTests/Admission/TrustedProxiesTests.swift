import Testing

@testable import EngineIO

@Suite struct TrustedProxiesTests {
    private static let ranges: [AddressRange] = ["10.0.0.0/8", "2001:db8::/32", "::ffff:172.16.0.0/112"]

    private func client(
        _ field: TrustedProxies.Field,
        from peer: String,
        _ headers: [(String, String)]
    ) throws -> String {
        let client = TrustedProxies(Self.ranges, field: field).client(
            behind: try #require(IPAddress(peer)),
            isSecure: false
        ) { name in headers.filter { $0.0 == name }.map(\.1) }
        return "\(client.address)" + (client.isSecure ? " https" : "")
    }

    @Test(
        arguments: [
            // Nobody trusted has said anything.
            ("192.0.2.1", ["203.0.113.1"], "192.0.2.1"), ("10.0.0.1", [], "10.0.0.1"),
            // The client, one proxy, two proxies.
            ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"), ("10.0.0.1", ["203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            ("10.0.0.1", ["203.0.113.1", "10.0.0.2,10.0.0.3"], "203.0.113.1"),
            // What the client claims stands left of what a proxy knows.
            ("10.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", ["10.0.0.9, 203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", ["10.0.0.9", "203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            // All are trusted: the first of them began.
            ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What can't be read ends the walk.
            ("10.0.0.1", ["203.0.113.1, unknown"], "10.0.0.1"), ("10.0.0.1", ["203.0.113.1, x, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", [""], "10.0.0.1"), ("10.0.0.1", ["203.0.113.1,"], "10.0.0.1"),
            // Ports and IPv6.
            ("10.0.0.1", ["203.0.113.1:4711"], "203.0.113.1"), ("2001:db8::1", ["2001:db9::1"], "2001:db9::1"),
            ("2001:db8::1", ["[2001:db9::1]:4711"], "2001:db9::1"), ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
            // An address of IPv4 is one in whatever form it comes.
            ("::ffff:192.0.2.1", [], "192.0.2.1"), ("10.0.0.1", ["::ffff:203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", ["203.0.113.1, ::ffff:10.0.0.2"], "203.0.113.1"),
            ("172.16.0.1", ["203.0.113.1"], "203.0.113.1"),
        ] as [(String, [String], String)]
    )
    func walksFromTheRight(peer: String, values: [String], expected: String) throws {
        #expect(try client(.xForwardedFor, from: peer, values.map { ("X-Forwarded-For", $0) }) == expected)
    }

    @Test(
        arguments: [
            ("10.0.0.1", ["for=203.0.113.1;proto=https;by=10.0.0.1"], "203.0.113.1 https"),
            ("192.0.2.1", ["for=203.0.113.1;proto=https"], "192.0.2.1"),
            ("10.0.0.1", [#"For="[2001:db9::1]:4711""#], "2001:db9::1"),
            (
                "10.0.0.1", ["for=198.51.100.1, for=203.0.113.1;proto=https, for=10.0.0.2;proto=http"],
                "203.0.113.1 https"
            ),
            ("10.0.0.1", ["for=203.0.113.1", "for=10.0.0.2"], "203.0.113.1"),
            ("10.0.0.1", ["for=203.0.113.1, for=_hidden"], "10.0.0.1"), ("10.0.0.1", ["for=unknown"], "10.0.0.1"),
            ("10.0.0.1", ["proto=https"], "10.0.0.1 https"), ("10.0.0.1", ["for=203.0.113.1, for"], "10.0.0.1"),
            ("10.0.0.1", [#"for="203.0.113.1"#], "10.0.0.1"), ("10.0.0.1", ["for=203.0.113.1 x"], "10.0.0.1"),
            ("10.0.0.1", [""], "10.0.0.1"),
        ] as [(String, [String], String)]
    )
    func readsForwarded(peer: String, values: [String], expected: String) throws {
        #expect(try client(.forwarded, from: peer, values.map { ("Forwarded", $0) }) == expected)
    }

    @Test func takesTheWordForOneFieldOnly() throws {
        let headers = [("Forwarded", "for=203.0.113.1"), ("X-Forwarded-For", "203.0.113.2")]
        #expect(try client(.forwarded, from: "10.0.0.1", headers) == "203.0.113.1")
        #expect(try client(.xForwardedFor, from: "10.0.0.1", headers) == "203.0.113.2")
    }

    @Test(arguments: [("https", true), ("HTTPS", true), ("http", false), ("http, https", true), ("https,http", false)])
    func knowsTLSFromItsProxy(proto: String, isSecure: Bool) throws {
        let headers = [("X-Forwarded-Proto", proto), ("X-Forwarded-For", "203.0.113.1")]
        let suffix = isSecure ? " https" : ""
        #expect(try client(.xForwardedFor, from: "10.0.0.1", headers) == "203.0.113.1" + suffix)
        #expect(try client(.xForwardedFor, from: "192.0.2.1", headers) == "192.0.2.1")
    }
}
