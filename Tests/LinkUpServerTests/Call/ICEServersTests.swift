import Testing

@testable import LinkUpServer

@Suite
struct ICEServersTests {
    @Test(arguments: [
        ("localhost", "localhost"), ("localhost:3000", "localhost"), ("192.0.2.1:80", "192.0.2.1"),
        ("[::1]:3000", "[::1]"), ("[2001:db8::1]", "[2001:db8::1]"), ("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]"),
        ("my-host_1.example.", "my-host_1.example."), ("host:", "host"),
    ])
    func takesTheHostOfTheHeader(header: String, host: String) {
        #expect(ICEServers.host(header) == host)
        #expect(
            ICEServers(stunPort: 3478, stunHost: nil).servers(hostHeader: header)
                == [ICEServer(urls: ["stun:\(host):3478"])]
        )
    }

    @Test(arguments: [
        "", ":3000", "::1", "[::1", "[]", "[]:80", "[::1]x", "[g::1]", "a b", "a/b", "a:80:90", "a:x",
        "a?transport=tcp", "caf\u{E9}", "a\r\nb", String(repeating: "a", count: 256),
    ])
    func refusesWhatIsNoHost(header: String) {
        #expect(ICEServers.host(header) == nil)
        #expect(ICEServers(stunPort: 3478, stunHost: nil).servers(hostHeader: header) == [])
    }

    @Test(arguments: [("stun.example", "stun.example"), ("2001:db8::1", "[2001:db8::1]"), ("[::1]", "[::1]")])
    func prefersTheConfiguredHost(configured: String, host: String) {
        let servers = ICEServers(stunPort: 1, stunHost: configured)
        #expect(servers.servers(hostHeader: "localhost:3000") == [ICEServer(urls: ["stun:\(host):1"])])
        #expect(servers.servers(hostHeader: nil) == [ICEServer(urls: ["stun:\(host):1"])])
    }

    @Test
    func listsNothingWithoutAHost() {
        #expect(ICEServers(stunPort: 1, stunHost: nil).servers(hostHeader: nil) == [])
    }
}
