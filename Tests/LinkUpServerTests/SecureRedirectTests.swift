import ACME
import EngineIO
import Testing

@testable import LinkUpServer

@Suite struct SecureRedirectTests {
    @Test(
        arguments: [
            (["GET / HTTP/1.1", "Host: example.org"], "https://example.org/"),
            (["GET /a?b=c HTTP/1.1", "Accept: */*", "host:\texample.org:8443"], "https://example.org:8443/a?b=c"),
            (["HEAD /a HTTP/1.0", "Host: [2001:db8::1]:3000"], "https://[2001:db8::1]:3000/a"),
            (["GET / HTTP/1.1"], nil), (["GET / HTTP/1.1", "Host:"], nil),
            (["GET / HTTP/1.1", "Host: a", "Host: b"], nil), (["GET / HTTP/1.1", "Host: a/b"], nil),
            (["GET / HTTP/1.1", "Host: a@b"], nil), (["GET http://a/ HTTP/1.1", "Host: a"], nil),
            (["GET /\u{1}\nX: y HTTP/1.1", "Host: a"], nil), (["GET /\nX:y HTTP/1.1", "Host: a"], nil),
            (["GET /", "Host: a"], nil), (["GET / HTTP/2", "Host: a"], nil), ([""], nil), ([], nil),
        ] as [([String], String?)]
    )
    func locations(lines: [String], location: String?) {
        #expect(SecureRedirect.location(in: lines.map { Substring($0) }[...])?.description == location)
    }

    @Test(
        arguments: [
            ("example.org", 443, "example.org"), ("example.org:80", 443, "example.org"),
            ("example.org:8080", 8443, "example.org:8443"), ("[2001:db8::1]", 8443, "[2001:db8::1]:8443"),
            ("[2001:db8::1]:80", 443, "[2001:db8::1]"), ("192.0.2.1", 1, "192.0.2.1:1"), (":", 443, ""),
            ("[", 443, "["),
        ]
    )
    func anotherPort(host: String, port: Int, expected: String) {
        #expect(SecureRedirect.Location(host: host, target: "/").on(port: port).host == expected)
    }

    @Test func aCertificateAuthorityFindsItsPages() throws {
        let pages = ChallengePages()
        let name = try #require(DomainName("talk.example.org"))
        pages.show([ChallengeAnswer(kind: .http, name: name, token: "t-1_A", keyAuthorization: "t-1_A.x")])
        let found = SecureRedirect.response(pages, "/.well-known/acme-challenge/t-1_A")
        #expect(found.hasPrefix("HTTP/1.1 200 OK\r\n") && found.hasSuffix("\r\n\r\nt-1_A.x"))
        #expect(found.contains("\r\nContent-Length: 7\r\n"))
        for other in ["", "t", "t-1_A?", "../t-1_A", "t-1_A/"] {
            let response = SecureRedirect.response(pages, ChallengePages.path + other)
            #expect(response.hasPrefix("HTTP/1.1 404 ") && response.contains("Content-Length: 0"))
        }
        pages.show([])
        #expect(pages.page(at: "/.well-known/acme-challenge/t-1_A") == nil)
    }

    @Test(arguments: [("example.org", 308), ("example.org:3000", 308), ("192.0.2.1", 308), ("evil.example", 421)])
    func sendsNobodyElsewhere(host: String, status: Int) {
        let location = SecureRedirect.Location(host: host, target: "/a")
        let response = SecureRedirect.response(location, hosts: HostPolicy(["example.org"]))
        #expect(response.hasPrefix("HTTP/1.1 \(status) "))
        #expect(response.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
        #expect(response.contains("Location: https://\(host)/a\r\n") == (status == 308))
        #expect(response.contains("--public-host \(host)") == (status == 421))
    }
}
