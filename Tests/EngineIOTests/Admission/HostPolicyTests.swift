import Testing

@testable import EngineIO

@Suite struct HostPolicyTests {
    @Test(
        arguments: [
            nil, "meet.example.org", "MEET.Example.ORG", "meet.example.org.", "meet.example.org:8080",
            "meet.example.org.:8080", "other.example", "localhost", "LocalHost:3000", "localhost.", "a.localhost:1",
            "127.0.0.1", "192.0.2.7:8080", "[::1]", "[2001:db8::1]:8080", "[::ffff:192.0.2.1]",
        ] as [String?]
    )
    func namesAndAddressesAreServed(host: String?) {
        #expect(HostPolicy(["meet.example.org", "Other.Example.:443"]).allows(host))
    }

    @Test(
        arguments: [
            "", ".", ":80", "evil.example", "meet.example.org.evil.example", "evil-meet.example.org", "notlocalhost",
            "localhost.evil.example", "meet.example.org:80:80", "meet.example.org:x", "meet.example.org..", "::1",
            "[evil.example]", "[127.0.0.1]", "[::1", "[::1]x", "[::1]:x", "user@localhost", "localhost ",
            "127.0.0.1.evil",
            "meet.exam\u{70}\u{301}le.org", "\u{212a}", "1.2.3", "0x7f.1",
        ]
    )
    func otherNamesAreNot(host: String) {
        #expect(!HostPolicy(["meet.example.org", "k"]).allows(host))
    }

    @Test func withoutNamesAddressesAndLocalhostAreLeft() {
        #expect(HostPolicy().allows("127.0.0.1"))
        #expect(HostPolicy().allows("localhost"))
        #expect(!HostPolicy().allows("example.org"))
        #expect(HostPolicy(["", "é.example"]).names.isEmpty)
    }
}
