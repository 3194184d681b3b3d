import ArgumentParser
import Configuration
import FoundationEssentials
import Logging

/// The flags that `linkup serve` and `linkup turn` share.
///
/// All may be absent: the environment, a file and the defaults of `TURNServer.Configuration` stand behind them.
struct TURNOptions: ParsableArguments {
    @Option(help: "The address to listen on. (default: all, IPv4 and IPv6)")
    var hostname: String?

    @Option(help: "The UDP and TCP port of STUN and TURN; 0 lets the system choose. (default: 3478)")
    var turnPort: Int?

    @Option(
        help: "The TCP port of STUN and TURN over TLS; 0 lets the system choose. (default: 5349, with a certificate)"
    )
    var tlsPort: Int?

    @Option(help: ArgumentHelp("The certificate and its chain, in PEM; without, there is no TLS.", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "file"))
    var privateKey: String?

    @Flag(name: .customLong("no-tcp"), help: "Listen on UDP only, and on TLS if there is a certificate.")
    var noTCP = false

    @Option(
        help: ArgumentHelp(
            "An address that clients are given for their peers; once for each family. Behind a NAT: PUBLIC/LOCAL.",
            valueName: "address"
        )
    )
    var relayAddress: [String] = []

    @Option(
        help: ArgumentHelp("The UDP and TCP ports of relayed addresses. (default: 49152-65535)", valueName: "range")
    )
    var relayPorts: String?

    @Option(help: "The realm of the passwords. (default: linkup)")
    var realm: String?

    @Option(help: ArgumentHelp("A user who may relay; may be repeated.", valueName: "name:password"))
    var user: [String] = []

    @Option(help: "A secret that time-limited passwords are made of; may be repeated, the first makes new ones.")
    var secret: [String] = []

    @Option(
        help: ArgumentHelp("Peers to relay to although they are denied by default; may be repeated.", valueName: "cidr")
    )
    var allowPeer: [String] = []

    @Option(help: ArgumentHelp("Peers not to relay to; may be repeated.", valueName: "cidr"))
    var denyPeer: [String] = []

    @Option(help: "Allocations that a user may have; 0 for no limit. (default: 100)")
    var userQuota: Int?

    @Option(
        help: "Allocations that the users of an IPv4 address or IPv6 /64 may have; 0 for no limit. (default: 2048)"
    )
    var networkQuota: Int?

    @Option(
        help: "Allocations that there may be; 0 for no limit but the ports. (default: three quarters of the ports)"
    )
    var totalQuota: Int?

    @Option(
        help: ArgumentHelp(
            "Bytes a second for each allocation and direction; 0 for no limit. (default: 0)",
            valueName: "bytes"
        )
    )
    var maxBps: Int?

    @Option(help: "TCP and TLS connections to STUN and TURN. (default: half of the open files that there may be)")
    var maxConnections: Int?

    @Option(help: "How many of these an IPv4 address or IPv6 /64 may have. (default: 256)")
    var maxConnectionsPerNetwork: Int?

    @Option(help: "Threads that relay. (default: one for each core)")
    var threads: Int?

    @Flag(help: "Let clients take allocations to another address (RFC 8016).")
    var mobility = false

    @Flag(help: "Hold to RFC 8656: a channel needs a permission beside it, and a number below 0x5000.")
    var strictPermissions = false

    @Option(help: ArgumentHelp("Another TURN server to send all clients to.", valueName: "address"))
    var alternateServer: String?

    @Option(
        help: ArgumentHelp(
            "A second address of this machine, for clients that examine their NAT (RFC 5780).",
            valueName: "address"
        )
    )
    var otherAddress: String?

    @Option(
        help: ArgumentHelp(
            "A YAML file with options. Flags come before LINKUP_… variables, and these before the file.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "How much to log on standard error: trace, debug, info, notice, warning, error or critical. (default: info)",
            valueName: "level"
        )
    )
    var logLevel: Logger.Level?

    @Option(
        help: ArgumentHelp("How to log: text, or json for a line of JSON each. (default: text)", valueName: "format")
    )
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "Serve metrics over HTTP there: PORT of this machine alone, or ADDRESS:PORT. (default: nowhere)",
            valueName: "address"
        )
    )
    var metrics: String?

    /// Reads the options, with these flags and others before environment and file.
    /// - Parameters:
    ///   - others: The flags that the command has of its own.
    ///   - environment: The variables of the process.
    /// - Returns: A reader of all three.
    /// - Throws: ``OptionError`` if the file can't be used.
    func reader(
        with others: [OptionName: ConfigContent] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(OptionError) -> OptionReader {
        try OptionReader(
            flags: flags.merging(others) { own, _ in own },
            environment: environment,
            file: config ?? environment["\(OptionName.variablePrefix)_CONFIG"]
        )
    }

    private var flags: [OptionName: ConfigContent] {
        var flags: [OptionName: ConfigContent] = [:]
        let texts: [OptionName: String?] = [
            .hostname: hostname, .certificate: certificate, .privateKey: privateKey, .relayPorts: relayPorts,
            .realm: realm, .alternateServer: alternateServer, .otherAddress: otherAddress,
            .logLevel: logLevel?.rawValue, .logFormat: logFormat, .metrics: metrics,
        ]
        let numbers: [OptionName: Int?] = [
            .turnPort: turnPort, .tlsPort: tlsPort, .userQuota: userQuota, .networkQuota: networkQuota,
            .totalQuota: totalQuota, .maxBps: maxBps, .threads: threads,
            .maxConnections: maxConnections, .maxConnectionsPerNetwork: maxConnectionsPerNetwork,
        ]
        let lists: [OptionName: [String]] = [
            .relayAddress: relayAddress, .user: user, .secret: secret, .allowPeer: allowPeer, .denyPeer: denyPeer,
        ]
        let switches: [OptionName: Bool] = [
            .noTCP: noTCP, .mobility: mobility, .strictPermissions: strictPermissions,
        ]
        for (name, text) in texts { flags[name] = text.map { .string($0) } }
        for (name, number) in numbers { flags[name] = number.map { .string(String($0)) } }
        for (name, list) in lists where !list.isEmpty { flags[name] = .stringArray(list) }
        for (name, isSet) in switches where isSet { flags[name] = .string("true") }
        return flags
    }
}
