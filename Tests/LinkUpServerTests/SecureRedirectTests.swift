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
