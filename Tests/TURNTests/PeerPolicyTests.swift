import STUN
import Testing

@testable import TURN

@Suite struct PeerPolicyTests {
    private static func address(_ text: String, _ port: UInt16 = 9) throws -> TransportAddress {
        TransportAddress(ip: try #require(IPAddress(text)), port: port)
    }

    /// Each way of writing the address in an IPv6 one.
    private static func forms(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> [String] {
        let dotted = "\(a).\(b).\(c).\(d)"
        let hex = { (value: Int) in String(value, radix: 16) }
        let (high, low) = (hex(a << 8 | b), hex(c << 8 | d))
        let (turnedHigh, turnedLow) = (hex(~(a << 8 | b) & 0xFFFF), hex(~(c << 8 | d) & 0xFFFF))
        return [
            dotted, "::\(dotted)", "::ffff:\(dotted)", "::ffff:0:\(dotted)", "64:ff9b::\(dotted)",
            "64:ff9b:1::\(dotted)",
            "64:ff9b:1:\(high):\(hex(c)):\(hex(d << 8))::", "2002:\(high):\(low)::1", "2001:0:\(high):\(low)::1",
            "2001::\(turnedHigh):\(turnedLow)", "2a00:1:2:3:0:5efe:\(dotted)", "2a00:1:2:3:200:5efe:\(dotted)",
        ]
    }

    @Test(arguments: forms(127, 0, 0, 1) + forms(169, 254, 169, 254) + forms(10, 0, 0, 1))
    func deniesEveryFormOfAnInnerAddress(text: String) throws {
        let peer = try Self.address(text)
        #expect(PeerPolicy().refusal(of: peer) == .denied)
        #expect(PeerPolicy().refusal(ofAny: peer.ip) == .denied)
    }

    @Test(
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.255.255.255", "169.254.0.1",
            "172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
            "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "::", "::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1",
            "fe80::1",
            "febf::1", "fec0::1", "ff02::1",
        ]
    )
    func deniesSpecialPurpose(text: String) throws {
        #expect(PeerPolicy().refusal(of: try Self.address(text)) == .denied)
    }

    @Test(
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.255.255",
            "198.20.0.0", "223.255.255.255", "2a00::1", "2606:4700::1111", "64:ff9b::1.1.1.1", "2001:200::1", "fbff::1",
            "2a00:1:2:3:0:5efe:1.1.1.1",
        ]
    )
    func allowsTheInternet(text: String) throws {
        #expect(PeerPolicy().refusal(of: try Self.address(text)) == nil)
    }

    @Test func refusesPortZero() throws {
        #expect(PeerPolicy().refusal(of: try Self.address("1.1.1.1", 0)) == .noPort)
    }

    /// What the operator says wins over what is denied by default; of two ranges the longer prefix does.
    @Test func theLongestPrefixWins() throws {
        let policy = PeerPolicy(
            allowed: ["10.1.0.0/16", "::1"],
            denied: [
                "1.1.1.0/24", "10.1.2.0/24", "10.0.0.0/9", "2a00::/16", "::ffff:9.0.0.0/104",
            ]
        )
        for (text, refusal) in [
            ("10.1.3.3", nil), ("10.1.2.3", .denied), ("::ffff:10.1.2.3", .denied), ("64:ff9b::10.1.2.3", .denied),
            ("2a00:1:2:3:0:5efe:10.1.3.3", .denied), ("10.2.0.0", .denied), ("::1", nil), ("::2", .denied),
            ("1.1.1.1", .denied),
            ("1.1.2.1", nil), ("9.1.1.1", .denied), ("::ffff:9.1.1.1", .denied),
            ("::ffff:10.1.3.3", nil), ("64:ff9b::10.1.3.3", nil), ("64:ff9b::10.2.0.1", .denied),
        ] as [(String, PeerPolicy.Refusal?)] {
            #expect(policy.refusal(of: try Self.address(text)) == refusal, "\(text)")
        }
    }

    /// Of two ranges alike the one that denies counts.
    @Test func equalRangesDeny() throws {
        let range: AddressRange = "1.1.1.0/24"
        #expect(PeerPolicy(allowed: [range], denied: [range]).refusal(of: try Self.address("1.1.1.1")) == .denied)
    }

    /// Whoever may reach the relays of this server may reach nobody else, but for what is allowed by name.
    @Test(arguments: ["45.0.0.1", "192.168.7.1", "2a00::7"])
    func ownRelaysAreAllThatIsReached(own: String) throws {
        let ip = try #require(IPAddress(own))
        let relays = OpenRelays()
        let open = TransportAddress(ip: ip, port: 50_001)
        relays.insert(open, over: .udp)
        let policy = PeerPolicy(
            reach: .ownRelays,
            allowed: ["10.1.0.0/16"],
            listeners: [TransportAddress(ip: ip, port: 3478)],
            relayAddresses: [ip],
            relays: relays
        )
        #expect(policy.refusal(of: open) == nil)
        #expect(policy.refusal(of: open, over: .tcp) == .denied)
        #expect(policy.refusal(ofAny: ip) == nil)
        for (text, port, refusal) in [
            (own, 50_002, .denied), (own, 49_151, .denied), (own, 25, .denied), (own, 3478, .ownListener),
            ("1.1.1.1", 443, .denied), ("2606:4700::1111", 443, .denied), ("64:ff9b::1.1.1.1", 53, .denied),
            ("127.0.0.1", 50_001, .denied), ("10.2.0.1", 9, .denied), ("10.1.0.1", 9, nil),
        ] as [(String, UInt16, PeerPolicy.Refusal?)] {
            #expect(policy.refusal(of: try Self.address(text, port)) == refusal, "\(text) \(port)")
            guard text != own else { continue }
            #expect(policy.refusal(ofAny: try Self.address(text).ip) == refusal, "\(text)")
        }
    }

    @Test func clientsReachEachOtherAndNeverTheListeners() throws {
        let own = try #require(IPAddress("192.168.7.1"))
        let relays = OpenRelays()
        relays.insert(TransportAddress(ip: own, port: 50_000), TransportAddress(ip: own, port: 50_001), over: .udp)
        let policy = PeerPolicy(
            allowed: ["192.168.0.0/16"],
            listeners: [TransportAddress(ip: own, port: 3478), TransportAddress(ip: own, port: 50_000)],
            relayAddresses: [own],
            relays: relays
        )
        for (port, refusal) in [
            (3478, .ownListener), (50_000, .ownListener), (50_001, nil), (50_002, nil), (80, nil), (65_535, nil),
        ] as [(UInt16, PeerPolicy.Refusal?)] {
            #expect(policy.refusal(of: TransportAddress(ip: own, port: port)) == refusal, "\(port)")
            #expect(policy.refusal(of: try Self.address("::ffff:192.168.7.1", port)) == refusal, "\(port)")
        }
        let strict = PeerPolicy(relayAddresses: [own], relays: relays)
        let relay = TransportAddress(ip: own, port: 50_001)
        #expect(strict.refusal(of: TransportAddress(ip: own, port: 50_002)) == .denied)
        #expect(strict.refusal(of: relay) == nil)
        #expect(strict.refusal(of: relay, over: .tcp) == .denied)
        #expect(strict.refusal(ofAny: own) == nil)
        relays.remove(relay, over: .udp)
        #expect(strict.refusal(of: relay) == .denied)
        // So it is where the address is a public one.
        let outside = try #require(IPAddress("45.0.0.1"))
        let open = PeerPolicy(relayAddresses: [outside], relayPorts: 49_152...60_000)
        for (port, refusal) in [(49_151, nil), (49_152, .denied), (60_000, .denied), (60_001, nil)]
            as [(UInt16, PeerPolicy.Refusal?)]
        {
            #expect(open.refusal(of: TransportAddress(ip: outside, port: port)) == refusal, "\(port)")
        }
        #expect(strict.refusal(ofAny: try #require(IPAddress("192.168.7.2"))) == .denied)
    }
}
