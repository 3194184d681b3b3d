import ArgumentParser
import Configuration
import Listening
import Logging
import Monitoring
import Prometheus
import ServiceLifecycle
import TURNServer
import UnixSignals

/// Runs the STUN and TURN server alone.
struct Turn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the STUN and TURN server alone.",
        discussion: """
            Without users and secrets it answers STUN and relays nothing. Options may also be given as environment \
            variables (LINKUP_TURN_PORT for --turn-port) and in a YAML file (turn-port: 3478). Stop it with Control-C.
            """
    )

    /// How long relaying may go on when the server stops, before it is cut: nobody can be warned over TURN.
    private static let closingTime = Duration.seconds(3)

    @Flag(
        name: .customLong("tcp-relays"),
        help: "Let clients have TCP connections with peers (RFC 6062), which take this server for the client."
    )
    var tcpRelays = false

    @Flag(
        name: .customLong("outlive-credentials"),
        help: "Let allocations go on when the credential that they were made with ends."
    )
    var outliveCredentials = false

    @OptionGroup var options: TURNOptions

    func run() async throws {
        HangupService.ignore()
        var flags: [OptionName: ConfigContent] = [:]
        if tcpRelays { flags[.tcpRelays] = .string("true") }
        if outliveCredentials { flags[.outliveCredentials] = .string("true") }
        let reader = try options.reader(with: flags)
        var configuration = try reader.turnConfiguration()
        configuration.allowsTCPRelays = try reader.isSet(.tcpRelays)
        configuration.endsWithCredentials = try !reader.isSet(.outliveCredentials)
        try configuration.tls?.check()
        try reader.logs().bootstrap()
        DescriptorReserve.raiseLimit()
        try OpenFiles.check(threads: configuration.threads)
        let logger = Logger(label: "linkup")
        configuration.tls?.warnOfEnd(to: logger)
        let server = try TURNServer(configuration: configuration, logger: logger)
        let ports = try await server.bind()
        let greeting = TURNGreeting(configuration: configuration, port: ports.port, tlsPort: ports.tlsPort)
        let metrics = try reader.monitoringAddress().map { Self.monitoring(of: server, on: $0, ports, logger: logger) }
        let announcement = Announcement(text: greeting.lines.joined(separator: "\n"))
        var group = ServiceGroupConfiguration(
            services: [server, announcement, HangupService { server.reloadCertificate() }]
                + (metrics.map { [$0] } ?? []),
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = Self.closingTime
        try await ServiceGroup(configuration: group).run()
    }
}

extension Turn {
    /// What a collector asks of the server.
    private static func monitoring(
        of server: TURNServer,
        on address: MonitoringAddress,
        _ ports: TURNServer.Ports,
        logger: Logger
    ) -> any Service {
        let registry = MetricRegistry()
        registry.collect { ProcessMetrics.samples() + server.counters.samples }
        let problems = TURNProblems(of: server, ports)
        return MonitoringServer(
            on: .port(address),
            MonitoringAnswers(metrics: { await registry.text() }, problems: { await problems.current }),
            logger: logger
        )
    }
}

/// Says something once signals are waited for: who reads it may send one at once.
private struct Announcement: Service, CustomStringConvertible {
    let text: String

    /// For logs; with the text, they would be taken for the announcement.
    var description: String { "announcement" }

    func run() async throws {
        Console.say(text)
        try await gracefulShutdown()
    }
}
