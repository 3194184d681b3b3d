import Testing

@testable import Networking

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0", true), ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "9.255.255.255", false), ("0.0.0.0/0", "200.1.1.1", true), ("1.2.3.4", "1.2.3.4", true),
        ("1.2.3.4/32", "1.2.3.5", false), ("1.2.3.4", "1.2.3.3", false), ("::/0", "ffff::", true),
        ("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true), ("2001:db8::/64", "2001:db8:0:1::", false),
        ("2001:db8::/65", "2001:db8::7fff:0:0:0", true), ("2001:db8::/65", "2001:db8:0:0:8000::", false),
        ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("fe80::/10", "febf:ffff::", true), ("::1/128", "::1", true), ("::1/128", "::", false),
        // A family has its own addresses, in whatever form the other's come.
        ("::/0", "1.2.3.4", false), ("0.0.0.0/0", "::1", false), ("10.0.0.0/8", "::10.0.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", false), ("::ffff:10.0.0.0/104", "10.1.2.3", false),
        ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true),
    ])
    func contains(range: String, address: String, expected: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(IPAddress(address))) == expected)
    }

    /// Bits behind the prefix are a mistake more often than meant: a host, or a longer prefix, was.
    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0.0/x", "10.0.0.0/256", "10.0.0.1/8", "10.1.0.0/15", "0.0.0.1/0", "::/129", "::1/127", "::1/0",
        "fd00:1::/16", "10.0.0.0-10.0.0.9", "a/8", "host/8", String(repeating: "/", count: 100_000),
    ])
    func refuses(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(arguments: [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:1.2.3.4", "1.2.3.4/32"), ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::fffe:0:0/95", "::fffe:0:0/95"), ("10.0.0.0/8", "10.0.0.0/8"), ("fd00::/8", "fd00::/8"),
    ])
    func unmaps(text: String, unmapped: String) throws {
        #expect(try #require(AddressRange(text)).unmapped.description == unmapped)
    }

    @Test func isWrittenInPrograms() {
        let range: AddressRange = "fc00::/7"
        #expect(range == AddressRange(IPAddress(ipv6High: 0xFC00_0000_0000_0000, low: 0), prefixLength: 7))
    }
}

@Suite struct ClientNetworkTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("::192.0.2.1", "192.0.2.1", false), ("::", "0.0.0.0", false), ("", "", true), ("", "0.0.0.0", false),
        ("", "::", false),
    ])
    func isOneForAllAddressesOfAHost(one: String, other: String, areSame: Bool) {
        #expect((ClientNetwork(IPAddress(one)) == ClientNetwork(IPAddress(other))) == areSame)
    }
}
