import TURN
import Testing

@testable import LinkUpServer

@Suite
struct ICEServersTests {
    private let ada = "ada"

    @Test(arguments: [
        ("localhost", "localhost"), ("localhost:3000", "localhost"), ("192.0.2.1:80", "192.0.2.1"),
        ("[::1]:3000", "[::1]"), ("[2001:db8::1]", "[2001:db8::1]"), ("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]"),
        ("my-host_1.example.", "my-host_1.example."), ("host:", "host"),
    ])
    func takesTheHostOfTheHeader(header: String, host: String) {
        #expect(ICEServers.host(header) == host)
        #expect(
            ICEServers(turnPort: 3478).servers(hostHeader: header, for: ada, at: 0)
                == [ICEServer(urls: ["stun:\(host):3478"])]
        )
    }

    @Test(arguments: [
        "", ":3000", "::1", "[::1", "[]", "[]:80", "[::1]x", "[g::1]", "a b", "a/b", "a:80:90", "a:x",
        "a?transport=tcp", "caf\u{E9}", "a\r\nb", String(repeating: "a", count: 256),
    ])
    func refusesWhatIsNoHost(header: String) {
        #expect(ICEServers.host(header) == nil)
        let servers = ICEServers(turnPort: 3478, credentials: TimeLimitedCredentials(secrets: ["s"]))
        #expect(servers.servers(hostHeader: header, for: ada, at: 0) == [])
    }

    @Test(arguments: [("turn.example", "turn.example"), ("2001:db8::1", "[2001:db8::1]"), ("[::1]", "[::1]")])
    func prefersTheConfiguredHost(configured: String, host: String) {
        let servers = ICEServers(turnPort: 1, turnHost: configured)
        let expected = [ICEServer(urls: ["stun:\(host):1"])]
        #expect(servers.servers(hostHeader: "localhost:3000", for: ada, at: 0) == expected)
        #expect(servers.servers(hostHeader: nil, for: ada, at: 0) == expected)
    }

    @Test
    func listsNothingWithoutAHost() {
        #expect(ICEServers(turnPort: 1).servers(hostHeader: nil, for: ada, at: 0) == [])
    }

    @Test
    func namesNoRelayWithoutCredentials() {
        let servers = ICEServers(turnPort: 1, tlsPort: 2)
        #expect(servers.servers(hostHeader: "h", for: ada, at: 0) == [ICEServer(urls: ["stun:h:1"])])
        #expect(servers.renewalInterval == nil)
    }

    @Test(arguments: [
        (false, nil, ["turn:[::1]:1?transport=udp"]),
        (true, nil, ["turn:[::1]:1?transport=udp", "turn:[::1]:1?transport=tcp"]),
        (false, 2, ["turn:[::1]:1?transport=udp", "turns:[::1]:2?transport=tcp"]),
        (true, 2, ["turn:[::1]:1?transport=udp", "turn:[::1]:1?transport=tcp", "turns:[::1]:2?transport=tcp"]),
    ])
    func namesEachTransport(hasTCP: Bool, tlsPort: Int?, urls: [String]) {
        let credentials = TimeLimitedCredentials(secrets: ["s"])
        let servers = ICEServers(turnPort: 1, tlsPort: tlsPort, hasTCP: hasTCP, credentials: credentials)
            .servers(hostHeader: "[::1]:3000", for: ada, at: 0)
        #expect(servers.map(\.urls) == [["stun:[::1]:1"], urls])
    }

    @Test
    func givesCredentialsThatEnd() throws {
        let credentials = TimeLimitedCredentials(secrets: ["new", "old"])
        let servers = ICEServers(turnPort: 1, credentials: credentials)
        #expect(servers.renewalInterval == .seconds(3.5 * 3600))
        let list = servers.servers(hostHeader: "h", for: ada, at: 1_700_000_000_999)
        #expect(list[0].username == nil && list[0].credential == nil)
        let name = try #require(list[1].username)
        #expect(name == "1700014400:ada")
        // printf '1700014400:ada' | openssl dgst -sha1 -hmac new -binary | base64
        #expect(list[1].credential == "n48i354RZVgM1nZPMvmtjFxmLr8=")
        #expect(credentials.credentials(of: name, realm: "r", at: 1_700_014_399).count == 2)
        #expect(credentials.credentials(of: name, realm: "r", at: 1_700_014_400).isEmpty)
    }

    @Test
    func staysWithinTheNumbersThatThereAre() {
        let servers = ICEServers(turnPort: 1, credentials: TimeLimitedCredentials(secrets: ["s"]))
        #expect(servers.servers(hostHeader: "h", for: ada, at: .max)[1].username == "4294967295:ada")
    }

    /// Seconds since 1970 that clocks have shown: the day before, that day, the ends of 31 and 32 bits, and what a clock
    /// that was set wrong shows.
    static let times: [Int64] = [
        -86_400, -1, 0, 1, 2_147_483_647, 2_147_483_648, 4_294_967_295, 4_294_967_296, .min / 1000, .max / 1000,
    ]

    @Test(arguments: times)
    func worksAtAnyTime(time: Int64) throws {
        let credentials = TimeLimitedCredentials(secrets: ["s"])
        let servers = ICEServers(turnPort: 1, credentials: credentials)
        let name = try #require(servers.servers(hostHeader: "h", for: ada, at: time * 1000)[1].username)
        #expect(name == "\(min(max(time + 14_400, 0), 4_294_967_295)):ada")
        var directory = RoomDirectory()
        // The clock jumps two days ahead, and back.
        let epochs = [0, 172_800_000, -172_800_000, 0].map { directory.makeEpoch(time: time * 1000 &+ $0) }
        #expect(Set(epochs).count == epochs.count)
        if abs(time) < 1 << 40 { #expect(epochs == epochs.sorted()) }
    }
}
