import ArgumentParser
import Configuration
import FoundationEssentials
import LinkUpServer
import Listening
import STUN
import TURN
import TURNServer
import Testing

@testable import linkup

/// The options of TURN, from flags, environment and file.
@Suite
struct OptionTests {
    /// Parses flags as `linkup turn` does, and reads them beside an environment.
    private func configuration(
        _ flags: [String],
        environment: [String: String] = [:]
    ) throws -> TURNServer.Configuration {
        try TURNOptions.parse(flags).reader(environment: environment).turnConfiguration()
    }

    private func refusal(of flags: [String], environment: [String: String] = [:]) -> OptionError? {
        #expect(throws: OptionError.self) { try configuration(flags, environment: environment) }
    }

    @Test
    func nothingGivesTheDefaults() throws {
        let configuration = try configuration([])
        let defaults = TURNServer.Configuration()
        #expect(configuration.hostname == nil)
        #expect(configuration.port == 3478)
        #expect(configuration.listensOnTCP)
        #expect(configuration.tls == nil)
        #expect(configuration.relayAddresses.isEmpty)
        #expect(configuration.relayPorts == 49152...65535)
        #expect(configuration.realm == "linkup")
        #expect(!configuration.relays)
        #expect(configuration.allowedPeers.isEmpty)
        #expect(configuration.deniedPeers.isEmpty)
        #expect(configuration.userQuota == defaults.userQuota)
        #expect(configuration.totalQuota == nil)
        #expect(configuration.networkQuota == 2048)
        #expect(configuration.relayPeers == nil)
        #expect(!configuration.allowsTCPRelays)
        #expect(configuration.maximumBytesPerSecond == 0)
        #expect(configuration.threads == defaults.threads)
        #expect(!configuration.mobility)
        #expect(!configuration.strictPermissions)
        #expect(configuration.alternateServer == nil)
        #expect(configuration.otherAddress == nil)
    }

    /// The page's credentials reach its own relays unless more is asked for; TCP relays are for `linkup turn`.
    @Test(arguments: [([], nil), (["--relay-peers", "own"], "own"), (["--relay-peers", "public"], "public")])
    func relayPeersAreChosen(flags: [String], expected: String?) throws {
        let options = try TURNOptions.parse([])
        let serve = try Serve.parse(flags)
        let reader = try options.reader(
            with: serve.relayPeers.map { [.relayPeers: .string($0)] } ?? [:],
            environment: [:]
        )
        #expect(try reader.linkUpConfiguration().turn.relayPeers?.rawValue == expected)
        #expect(throws: (any Error).self) { try Serve.parse(["--tcp-relays"]) }
        #expect(throws: (any Error).self) { try Turn.parse(["--relay-peers", "own"]) }
        #expect(try Turn.parse(["--tcp-relays"]).tcpRelays)
        #expect(try Turn.parse(["--outlive-credentials"]).outliveCredentials)
    }

    /// Too few files are said in words; with enough, nothing is.
    @Test(arguments: [
        (8, 2, 2, false), (24, 2, 2, false), (38, 2, 2, false), (40, 2, 2, true), (64, 2, 2, true), (64, 64, 64, false),
    ])
    func tooFewFilesAreSaid(limit: Int, threads: Int, cores: Int, isEnough: Bool) {
        let reserve = DescriptorReserve(limit: limit)
        if isEnough {
            #expect(throws: Never.self) { try OpenFiles.check(reserve: reserve, threads: threads, cores: cores) }
        } else {
            let error = #expect(throws: OpenFiles.TooFew.self) {
                try OpenFiles.check(reserve: reserve, threads: threads, cores: cores)
            }
            // As many as it asks for are enough.
            let enough = DescriptorReserve(limit: error?.needed ?? 0)
            #expect(throws: Never.self) { try OpenFiles.check(reserve: enough, threads: threads, cores: cores) }
        }
    }

    @Test
    func everyFlagArrives() throws {
        let folder = try TemporaryFile("x")
        let configuration = try configuration([
            "--hostname", "192.0.2.1", "--turn-port", "0", "--tls-port", "1", "--certificate", folder.path,
            "--private-key", folder.path, "--no-tcp", "--relay-address", "192.0.2.2/10.0.0.2", "--relay-address",
            "2001:db8::2", "--relay-ports", "50000-50001", "--realm", "r", "--user", "ann:a:b", "--user", "bob:c",
            "--secret", "new", "--secret", "old", "--allow-peer", "10.0.0.0/8", "--allow-peer", "::1", "--deny-peer",
            "198.51.100.0/24", "--user-quota", "0", "--network-quota", "6", "--total-quota", "7", "--max-bps", "8",
            "--threads", "3",
            "--mobility", "--strict-permissions", "--alternate-server", "[2001:db8::3]:5", "--other-address",
            "192.0.2.9",
        ])
        #expect(configuration.hostname == "192.0.2.1")
        #expect(configuration.port == 0)
        #expect(configuration.tls == .init(port: 1, certificateFile: folder.path, privateKeyFile: folder.path))
        #expect(!configuration.listensOnTCP)
        #expect(
            configuration.relayAddresses == [
                .init(publicAddress: try ip("192.0.2.2"), localAddress: try ip("10.0.0.2")),
                .init(publicAddress: try ip("2001:db8::2")),
            ]
        )
        #expect(configuration.relayPorts == 50000...50001)
        #expect(configuration.realm == "r")
        #expect(configuration.users == ["ann": "a:b", "bob": "c"])
        #expect(configuration.secrets == ["new", "old"])
        #expect(configuration.relays)
        #expect(configuration.allowedPeers.map(\.description) == ["10.0.0.0/8", "::1/128"])
        #expect(configuration.deniedPeers.map(\.description) == ["198.51.100.0/24"])
        #expect(configuration.userQuota == 0)
        #expect(configuration.networkQuota == 6)
        #expect(configuration.totalQuota == 7)
        #expect(configuration.maximumBytesPerSecond == 8)
        #expect(configuration.threads == 3)
        #expect(configuration.mobility)
        #expect(configuration.strictPermissions)
        #expect(configuration.alternateServer == TransportAddress(ip: try ip("2001:db8::3"), port: 5))
        #expect(configuration.otherAddress == (try ip("192.0.2.9")))
    }

    @Test
    func flagsComeBeforeEnvironmentAndEnvironmentBeforeFile() throws {
        let file = try TemporaryFile(
            """
            realm: file
            turn-port: 1
            total-quota: 1
            user: [ann:file]
            no-tcp: true
            """
        )
        let environment = ["LINKUP_TURN_PORT": "2", "LINKUP_REALM": "variable", "LINKUP_USER": "bob:v,eve:w"]
        let configuration = try configuration(["--realm", "flag", "--config", file.path], environment: environment)
        #expect(configuration.realm == "flag")
        #expect(configuration.port == 2)
        #expect(configuration.totalQuota == 1)
        #expect(configuration.users == ["bob": "v", "eve": "w"])
        #expect(!configuration.listensOnTCP)
    }

    @Test
    func theFileMayBeNamedInTheEnvironment() throws {
        let file = try TemporaryFile("realm: file")
        #expect(try configuration([], environment: ["LINKUP_CONFIG": file.path]).realm == "file")
    }

    @Test
    func aSwitchInTheEnvironmentMayBeOff() throws {
        #expect(try !configuration([], environment: ["LINKUP_NO_TCP": "yes"]).listensOnTCP)
        #expect(try configuration([], environment: ["LINKUP_NO_TCP": "0"]).listensOnTCP)
        #expect(
            refusal(of: [], environment: ["LINKUP_MOBILITY": "perhaps"])?.description.contains("true or false") == true
        )
    }

    @Test(arguments: [
        ["--turn-port", "65536"], ["--turn-port", "-1"], ["--tls-port", "5349"], ["--hostname", ""],
        ["--relay-address", "x"], ["--relay-address", "1.2.3.4/5.6.7.8/9.9.9.9"], ["--relay-address", "1.2.3.4/::1"],
        ["--relay-address", "0.0.0.0"], ["--relay-address", "1.2.3.4/"],
        ["--relay-ports", "2-1"], ["--relay-ports", "50000-50000"], ["--relay-ports", "0-9"],
        ["--relay-ports", "1-65536"], ["--relay-ports", "50000"], ["--relay-ports", "3000-4000"],
        ["--realm", ""], ["--realm", String(repeating: "r", count: 128)], ["--realm", "a\"b"], ["--realm", "a\nb"],
        ["--user", "a\nn:x"], ["--user", "a\u{7F}:x"], ["--user", "a\u{85}:x"], ["--max-connections", "0"],
        ["--max-connections-per-network", "0"], ["--network-quota", "-1"],
        ["--user", "ann"], ["--user", "ann:"], ["--user", ":x"], ["--user", "ann:x", "--user", "ann:y"],
        ["--secret", ""], ["--allow-peer", "10.0.0.1/8"], ["--allow-peer", "10.0.0.0/33"], ["--deny-peer", "all"],
        ["--user-quota", "-1"], ["--total-quota", "-1"], ["--max-bps", "-1"], ["--threads", "0"],
        ["--threads", "257"], ["--alternate-server", "host"], ["--alternate-server", "1.2.3.4:0"],
        ["--alternate-server", "::1:99999"], ["--other-address", "1.2.3.4"],
        ["--hostname", "1.2.3.4", "--other-address", "1.2.3.4"], ["--hostname", "1.2.3.4", "--other-address", "::1"],
        ["--hostname", "name", "--other-address", "1.2.3.4"], ["--hostname", "0.0.0.0", "--other-address", "1.2.3.4"],
    ])
    func badFlagsAreRefusedInOneSentence(flags: [String]) throws {
        // What begins with a dash is no value of the one before, unless it is joined to it.
        let joined = stride(from: 0, to: flags.count, by: 2).flatMap { index in
            flags[index + 1].hasPrefix("-")
                ? ["\(flags[index])=\(flags[index + 1])"] : [flags[index], flags[index + 1]]
        }
        let error = try #require(refusal(of: joined))
        #expect(!error.isInFile)
        #expect(error.description.hasPrefix("--"))
        #expect(error.description.hasSuffix("."))
        #expect(error.description.split(whereSeparator: \.isNewline).count == 1)
    }

    @Test
    func aCertificateNeedsItsKeyAndTheOtherWayRound() throws {
        let file = try TemporaryFile("x")
        #expect(refusal(of: ["--certificate", file.path])?.description == "--certificate needs --private-key as well.")
        #expect(refusal(of: ["--private-key", file.path])?.description == "--private-key needs --certificate as well.")
        let missing = refusal(of: ["--certificate", "/no/such", "--private-key", file.path])
        #expect(missing?.isInFile == true)
        #expect(missing?.description.contains("/no/such") == true)
        let tls = try configuration(["--certificate", file.path, "--private-key", file.path]).tls
        #expect(tls?.port == 5349)
    }

    @Test(arguments: [
        ["--user", "hush"], ["--user", "ann:"], ["--user", "ann:hush", "--user", "ann:hush"],
        ["--user", String(repeating: "n", count: 600) + ":hush"],
    ])
    func passwordsAreNotRepeated(flags: [String]) throws {
        #expect(try #require(refusal(of: flags)).description.contains("hush") == false)
    }

    @Test
    func whatIsWrongInTheFileNamesTheFile() throws {
        let file = try TemporaryFile("turn-port: many")
        let error = try #require(refusal(of: ["--config", file.path]))
        #expect(error == OptionError("turn-port in \(file.path) must be 0 to 65535, not many.", isInFile: true))
        let list = try TemporaryFile("turn-port: [1, 2]")
        #expect(refusal(of: ["--config", list.path])?.description.contains("one value") == true)
    }

    @Test
    func theApplicationSharesTheOptions() throws {
        let reader = try TURNOptions.parse(["--hostname", "::1", "--turn-port", "5"]).reader(
            with: [.port: .string("7")],
            environment: ["LINKUP_TURN_HOST": "example.org", "LINKUP_DATA_DIRECTORY": "d"]
        )
        let configuration = try reader.linkUpConfiguration()
        #expect(configuration.hostname == "::1")
        #expect(configuration.port == 7)
        #expect(configuration.turn.hostname == "::1")
        #expect(configuration.turn.port == 5)
        #expect(configuration.turnHost == "example.org")
        #expect(configuration.dataDirectory == "d")
        #expect(configuration.pageTLS == .off)
    }

    @Test
    func tlsOnThePagesPortNeedsNoOther() throws {
        let file = try TemporaryFile("x")
        let flags = ["--certificate", file.path, "--private-key", file.path]
        let shared = try TURNOptions.parse(flags).reader(environment: [:]).linkUpConfiguration()
        #expect(shared.pageTLS == .certificate && shared.turn.tls?.port == nil)
        let both = try TURNOptions.parse(flags + ["--tls-port", "9"]).reader(environment: [:]).linkUpConfiguration()
        #expect(both.pageTLS == .certificate && both.turn.tls?.port == 9)
    }

    @Test(
        arguments: [
            ("off", true, PageTLS.off, 5349), ("off", false, .off, nil), ("certificate", true, .certificate, nil),
            ("certificate", false, nil, nil), ("self-signed", false, .selfSigned, nil), ("self-signed", true, nil, nil),
            ("", false, nil, nil), ("on", true, nil, nil), ("Off", false, nil, nil),
        ] as [(String, Bool, PageTLS?, Int?)]
    )
    func tlsOfThePage(text: String, hasCertificate: Bool, expected: PageTLS?, port: Int?) throws {
        let file = try TemporaryFile("x")
        let flags = hasCertificate ? ["--certificate", file.path, "--private-key", file.path] : []
        let reader = try TURNOptions.parse(flags).reader(with: [.tls: .string(text)], environment: [:])
        guard let expected else {
            #expect(throws: OptionError.self) { try reader.linkUpConfiguration() }
            return
        }
        let configuration = try reader.linkUpConfiguration()
        #expect(configuration.pageTLS == expected && configuration.turn.tls?.port == port)
    }

    @Test
    func variablesAreNamedAfterTheFlags() {
        #expect(OptionName.turnPort.variable == "LINKUP_TURN_PORT")
        #expect(OptionName.noTCP.variable == "LINKUP_NO_TCP")
        #expect(OptionName.noTCP.flag == "--no-tcp")
    }

    @Test
    func theManualHasEveryOption() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let manual = String(
            decoding: try Data(contentsOf: root.appending(path: "docs/operations.md")),
            as: UTF8.self
        )
        let rows = manual.split(separator: "\n").filter { $0.hasPrefix("| `--") }
        for option in OptionName.allCases {
            #expect(rows.contains { $0.contains("`\(option.flag)`") }, "\(option.flag) is missing")
        }
    }

    private func ip(_ text: String) throws -> IPAddress {
        try #require(IPAddress(text))
    }
}

/// The YAML file.
@Suite
struct ConfigurationFileTests {
    private func parse(_ text: String) throws -> OptionError? {
        do {
            _ = try ConfigurationFile.parse(Data(text.utf8), of: "f.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["", "\n", "# realm: x\n  # another\r\n", "realm: x", "user: [a:b]\n"])
    func filesAreRead(text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test
    func unknownKeysAreNamed() throws {
        let error = try #require(try parse("realm: x\ncolour: red\nturn: {port: 3}"))
        #expect(error.isInFile)
        #expect(error.description == "f.yaml has keys that are no options: colour, turn.port.")
    }

    @Test(arguments: [
        "just text", "- a\n- b", "user: [ann:hush\nsecret: hush", "\"", "realm: \"hush", "a: b: hush",
        "realm: x\nrealm: hush",
        "\u{0}",
    ])
    func whatIsNoMappingIsRefusedWithoutRepeatingIt(text: String) throws {
        let error = try #require(try parse(text))
        #expect(error.isInFile)
        #expect(error.description.hasPrefix("f.yaml "))
        #expect(!error.description.contains("hush"))
        #expect(!error.description.contains("\n"))
    }

    @Test
    func whatCannotBeReadSaysWhy() throws {
        let missing = #expect(throws: OptionError.self) { try ConfigurationFile.read("/no/such/file") }
        #expect(missing?.description == "cannot read /no/such/file: No such file or directory.")
        let folder = #expect(throws: OptionError.self) { try ConfigurationFile.read("/") }
        #expect(folder?.description == "cannot read /: Is a directory.")
    }
}

/// A file that is deleted with the value.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "linkup-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
