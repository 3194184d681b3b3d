import ACME
import ArgumentParser
import Configuration
import EngineIO
import TURNServer
import Testing

@testable import LinkUpServer
@testable import linkup

/// The options of what anybody may take of the application, from flags, environment and file.
@Suite
struct ServeOptionTests {
    @Test
    func protectionsAreOnUnlessSetOtherwise() throws {
        let defaults = try TURNOptions.parse([]).reader(environment: [:]).linkUpConfiguration()
        #expect(defaults.protections == Protections())
        #expect(defaults.history == HistoryLimits())
        let flags = try ServeOptions.parse([
            "--public-host", "Meet.example.org:8443", "--allowed-origin", "https://Friend.example", "--trusted-proxy",
            "10.0.0.0/8", "--proxy-protocol", "192.0.2.1", "--max-clients", "0", "--max-network-clients", "7",
            "--max-sockets", "0",
            "--max-network-sockets", "9", "--network-handshakes", "0", "--event-rate", "0", "--byte-rate", "0",
            "--max-waiting", "65536",
            "--message-rate", "3", "--signal-rate", "0", "--request-rate", "7", "--room-people", "8",
            "--room-network-people", "2", "--http-head-timeout", "1", "--http-body-timeout", "2",
            "--http-response-timeout", "3", "--http-idle-timeout", "65", "--room-messages", "0", "--room-size", "1",
            "--history-days", "0", "--history-size", "0", "--disk-reserve",
            "0",
        ]).flags
        let set = try TURNOptions.parse([]).reader(with: flags, environment: [:]).linkUpConfiguration()
        #expect(
            set.protections
                == Protections(
                    connections: nil,
                    connectionsPerNetwork: 7,
                    sockets: nil,
                    socketsPerNetwork: 9,
                    handshakesPerNetwork: nil,
                    eventsPerSecond: nil,
                    bytesPerSecond: nil,
                    waitingBytes: 65_536,
                    rates: RequestRates(messages: 3, signals: nil, requests: 7),
                    roomSize: RoomSize(people: 8, peopleOfNetwork: 2),
                    httpTimeouts: HTTPTimeouts(
                        head: .seconds(1),
                        body: .seconds(2),
                        response: .seconds(3),
                        idle: .seconds(65)
                    ),
                    publicHosts: ["meet.example.org:8443"],
                    allowedOrigins: ["https://friend.example"],
                    trustedProxies: ["10.0.0.0/8"],
                    proxyProtocol: ["192.0.2.1"]
                )
        )
        #expect(
            set.history
                == HistoryLimits(
                    messagesPerRoom: nil,
                    bytesPerRoom: 1 << 20,
                    days: nil,
                    databaseBytes: nil,
                    reservedBytes: 0
                )
        )
    }

    @Test(arguments: [
        ("LINKUP_PUBLIC_HOST", "https://a"), ("LINKUP_PUBLIC_HOST", "a/b"), ("LINKUP_PUBLIC_HOST", "a:"),
        ("LINKUP_ALLOWED_ORIGIN", "a"), ("LINKUP_ALLOWED_ORIGIN", "https://a/"), ("LINKUP_ALLOWED_ORIGIN", "null"),
        ("LINKUP_TRUSTED_PROXY", "a"), ("LINKUP_TRUSTED_PROXY", "10.0.0.0/33"), ("LINKUP_PROXY_PROTOCOL", "true"),
        ("LINKUP_PUBLIC_PORT", "0"), ("LINKUP_PUBLIC_PORT", "65536"), ("LINKUP_MAX_WAITING", "1"),
        ("LINKUP_MAX_CONNECTIONS", "-1"), ("LINKUP_EVENT_RATE", "x"), ("LINKUP_BYTE_RATE", "-1"),
        ("LINKUP_DISK_RESERVE", "-1"),
        ("LINKUP_MESSAGE_RATE", "-1"), ("LINKUP_SIGNAL_RATE", "x"), ("LINKUP_REQUEST_RATE", "100001"),
        ("LINKUP_ROOM_PEOPLE", "0"), ("LINKUP_ROOM_NETWORK_PEOPLE", "0"), ("LINKUP_HTTP_HEAD_TIMEOUT", "0"),
        ("LINKUP_HTTP_BODY_TIMEOUT", "3601"), ("LINKUP_HTTP_RESPONSE_TIMEOUT", "1.5"),
        ("LINKUP_HTTP_IDLE_TIMEOUT", "-1"), ("LINKUP_BASE_PATH", ""), ("LINKUP_BASE_PATH", "https://a/b"),
        ("LINKUP_BASE_PATH", "/a/../b"),
    ])
    func badProtectionsAreRefused(variable: String, value: String) throws {
        let reader = try TURNOptions.parse([]).reader(environment: [variable: value])
        let error = #expect(throws: OptionError.self) { try reader.linkUpConfiguration() }
        #expect(error?.description.contains(variable) == true)
    }

    @Test
    func thePortMayBeAnotherToClients() throws {
        #expect(try TURNOptions.parse([]).reader(environment: [:]).linkUpConfiguration().publicPort == nil)
        let tls: [OptionName: ConfigContent] = [.tls: .string("self-signed")]
        let variable = ["LINKUP_PUBLIC_PORT": "443"]
        let passed = try TURNOptions.parse([]).reader(with: tls, environment: variable)
        #expect(try passed.linkUpConfiguration().publicPort == 443)
        // Nothing would be told about it.
        let plain = try TURNOptions.parse([]).reader(environment: variable)
        let error = #expect(throws: OptionError.self) { try plain.linkUpConfiguration() }
        #expect(error?.description == "--public-port needs TLS on the page's port: --tls.")
    }

    @Test
    func theApplicationMayLieBelowAPath() throws {
        #expect(try TURNOptions.parse([]).reader(environment: [:]).linkUpConfiguration().basePath == .root)
        for path in ["/talk", "/talk/"] {
            let flag = try TURNOptions.parse([]).reader(with: [.basePath: .string(path)], environment: [:])
            #expect(try flag.linkUpConfiguration().basePath.description == "/talk/")
            let variable = try TURNOptions.parse([]).reader(environment: ["LINKUP_BASE_PATH": path])
            #expect(try variable.linkUpConfiguration().basePath.description == "/talk/")
            let file = try TemporaryFile("base-path: \(path)")
            let named = try TURNOptions.parse(["--config", file.path]).reader(environment: [:])
            #expect(try named.linkUpConfiguration().basePath.description == "/talk/")
        }
    }

    /// Where a code is of use: on a terminal that it fits in, of an address that others can reach.
    @Test(arguments: [
        ("192.0.2.7", 80, true), ("192.0.2.7", 33, true), ("192.0.2.7", 32, false), ("192.0.2.7", nil, false),
        ("2001:db8::7", 80, true), ("127.0.0.1", 80, false), ("::1", 80, false), ("localhost", 80, false),
    ])
    func theCodeIsForOthers(_ hostname: String, width: Int?, isPrinted: Bool) {
        let addresses = LinkUpServer.Addresses(
            hostname: hostname,
            port: 3000,
            isSecure: false,
            basePath: .root,
            turnPort: 1,
            tlsPort: nil
        )
        #expect(Serve.code(addresses, width: width).isEmpty != isPrinted)
    }

    @Test
    func theCodeCanBeSwitchedOff() throws {
        #expect(try !TURNOptions.parse([]).reader(environment: [:]).isSet(.noQR))
        #expect(try TURNOptions.parse([]).reader(environment: ["LINKUP_NO_QR": "1"]).isSet(.noQR))
        #expect(try TURNOptions.parse([]).reader(with: [.noQR: .string("true")], environment: [:]).isSet(.noQR))
    }

    @Test
    func theGreetingNamesTheWholeAddress() throws {
        var addresses = LinkUpServer.Addresses(
            hostname: "::1",
            port: 80,
            isSecure: true,
            basePath: .root,
            turnPort: 1,
            tlsPort: nil
        )
        #expect(Serve.greeting(addresses) == ["LinkUp is running. Open https://[::1]:80"])
        addresses.basePath = try #require(BasePath("/talk"))
        #expect(Serve.greeting(addresses) == ["LinkUp is running. Open https://[::1]:80/talk/"])
    }

    @Test
    func aDomainBringsHTTPS() throws {
        let flags = try ServeACMEOptions.parse([
            "--domain", "Talk.example.org", "--domain", "call.example.org", "--acme-email", "ann@example.org",
        ]).flags
        let configuration = try TURNOptions.parse([]).reader(with: flags, environment: [:]).linkUpConfiguration()
        var acme = ACMEConfiguration(names: ["talk.example.org", "call.example.org"].compactMap { DomainName($0) })
        acme.email = "ann@example.org"
        #expect(configuration.pageTLS == .acme(acme))
        #expect(acme.directory == "https://acme-v02.api.letsencrypt.org/directory" && acme.httpPort == 80)
        #expect(configuration.port == 443 && configuration.turn.tls == nil)
        #expect(configuration.protections.publicHosts == ["talk.example.org", "call.example.org"])
        let chosen = try ServeACMEOptions.parse(["--domain", "a.example", "--http-port", "0"]).flags
        let other = try TURNOptions.parse([]).reader(
            with: chosen.merging([.port: .string("8443")]) { $1 },
            environment: [:]
        )
        #expect(try other.linkUpConfiguration().port == 8443)
    }

    @Test(
        arguments: [
            ["--domain", "localhost"], ["--domain", "*.example.org"], ["--domain", "192.0.2.1"], ["--domain", ""],
            ["--domain", "a.example", "--domain", "A.example"], ["--acme-email", "ann@example.org"],
            ["--http-port", "80"], ["--domain", "a.example", "--http-port", "443"],
            ["--domain", "a.example", "--http-port", "65536"], ["--domain", "a.example", "--acme-email", "ann"],
            ["--domain", "a.example", "--acme-email", "ann@example.org,bea@example.org"],
            ["--domain", "a.example", "--acme-email", "ann@example.org?cc=x"],
            ["--domain", "a.example", "--acme-directory", "http://ca.example/"],
            ["--domain", "a.example", "--acme-directory", "https://"],
            ["--domain", "a.example", "--acme-root", "/nonexistent"],
            (0...100).flatMap { ["--domain", "a\($0).example"] },
        ]
    )
    func aDomainThatCanNotBe(arguments: [String]) throws {
        let flags = try ServeACMEOptions.parse(arguments).flags
        let reader = try TURNOptions.parse([]).reader(with: flags, environment: [:])
        #expect(throws: OptionError.self) { try reader.linkUpConfiguration() }
    }

    @Test
    func asManyDomainsAsACertificateTakes() throws {
        let flags = try ServeACMEOptions.parse((1...100).flatMap { ["--domain", "a\($0).example"] }).flags
        let reader = try TURNOptions.parse([]).reader(with: flags, environment: [:])
        guard case .acme(let acme) = try reader.linkUpConfiguration().pageTLS else {
            Issue.record("no certificate is got")
            return
        }
        #expect(acme.names.count == 100)
    }

    @Test(arguments: [OptionName.tls, .tlsPort])
    func aDomainGoesWithoutOtherCertificates(option: OptionName) throws {
        let value: ConfigContent = option == .tls ? .string("self-signed") : .string("5349")
        let flags: [OptionName: ConfigContent] = [.domain: .stringArray(["a.example"]), option: value]
        let reader = try TURNOptions.parse([]).reader(with: flags, environment: [:])
        #expect(throws: OptionError.self) { try reader.linkUpConfiguration() }
    }
}
