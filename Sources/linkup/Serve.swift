import ArgumentParser
import Configuration
import LinkUpServer
import Listening
import Logging
import TURNServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Starts the application.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server: the page, Socket.IO, STUN and TURN.",
        discussion: """
            It hands out credentials for TURN itself; users and secrets are for other programs that use it as well. \
            Options may also be given as environment variables (LINKUP_TURN_PORT for --turn-port) and in a YAML file \
            (turn-port: 3478). Stop it with Control-C.
            """
    )

    @Option(help: "The TCP port of the page and of Socket.IO; 0 lets the system choose. (default: 3000)")
    var port: Int?

    @Option(
        help: ArgumentHelp(
            "The host at which browsers reach STUN and TURN. (default: the host in the page's address)",
            valueName: "host"
        )
    )
    var turnHost: String?

    @Option(
        help: ArgumentHelp(
            "The port at which browsers reach the page's, where a proxy passes it on. (default: that of --port)",
            valueName: "port"
        )
    )
    var publicPort: Int?

    @Option(
        help: ArgumentHelp(
            "The folder for chat history and keys; created if it is missing. (default: ./linkup-data)",
            valueName: "folder"
        )
    )
    var dataDirectory: String?

    @Option(
        help: ArgumentHelp("Serve the page from this folder instead of the copy in the program.", valueName: "folder")
    )
    var webDirectory: String?

    @Option(
        help: ArgumentHelp(
            "The path below which all of it lies, as /talk, where the name is another site's too. (default: /)",
            valueName: "path"
        )
    )
    var basePath: String?

    @Option(
        help: ArgumentHelp(
            "Whom the page's credentials reach through TURN: own (this server's relays) or public. (default: own)",
            valueName: "peers"
        )
    )
    var relayPeers: String?

    @Option(
        help: ArgumentHelp(
            """
            Whether the page's port speaks HTTPS, and TURN over TLS: certificate, self-signed (by a root of its own) or \
            off. (default: certificate where there is one)
            """,
            valueName: "tls"
        )
    )
    var tls: String?

    @Flag(name: .customLong("no-qr"), help: "Print no QR code of the page's address in a terminal.")
    var noQR = false

    @OptionGroup var acmeOptions: ServeACMEOptions

    @OptionGroup var serveOptions: ServeOptions

    @OptionGroup var options: TURNOptions

    func run() async throws {
        HangupService.ignore()
        // Whatever the server writes is for its own user: what people say stands in it.
        umask(0o077)
        let reader = try options.reader(with: flags)
        let configuration = try reader.linkUpConfiguration()
        try configuration.turn.tls?.check()
        try reader.logs().bootstrap()
        DescriptorReserve.raiseLimit()
        try OpenFiles.check(threads: configuration.turn.threads)
        let logger = Logger(label: "linkup")
        configuration.turn.tls?.warnOfEnd(to: logger)
        let server = try LinkUpServer(configuration: configuration, logger: logger)
        let hasCode = try !reader.isSet(.noQR)
        try await server.run { addresses in
            let turn = TURNGreeting(
                configuration: server.turnConfiguration,
                port: addresses.turnPort,
                tlsPort: addresses.tlsPort
            )
            let code = hasCode ? Self.code(addresses, width: Console.width) : []
            let lines =
                Self.greeting(addresses) + Self.trust(addresses) + Self.acme(addresses, configuration.pageTLS)
                + turn.lines + code
            Console.say(lines.joined(separator: "\n"))
        }
    }

    private var flags: [OptionName: ConfigContent] {
        var flags = serveOptions.flags.merging(acmeOptions.flags) { _, last in last }
        let texts: [OptionName: String?] = [
            .port: port.map(String.init), .publicPort: publicPort.map(String.init), .turnHost: turnHost,
            .dataDirectory: dataDirectory,
            .webDirectory: webDirectory, .basePath: basePath, .relayPeers: relayPeers,
            .tls: tls, .noQR: noQR ? "true" : nil,
        ]
        for (name, text) in texts { flags[name] = text.map { .string($0) } }
        return flags
    }

    /// The address of the page as a QR code, for the phone of whoever sits at the terminal.
    /// - Parameters:
    ///   - addresses: Where the page is.
    ///   - width: The columns of the terminal; `nil` where there is none, as under a service manager.
    /// - Returns: Nothing where it does not fit, or where there is no address that a phone can reach.
    static func code(_ addresses: LinkUpServer.Addresses, width: Int?) -> [String] {
        guard let width, let address = reachable(addresses), let code = QRCode(address), code.terminalWidth <= width
        else { return [] }
        return code.terminalLines
    }

    /// The first address of the page that other machines may reach.
    private static func reachable(_ addresses: LinkUpServer.Addresses) -> String? {
        let scheme = addresses.isSecure ? "https" : "http"
        let loopback = ["localhost", "::1"]
        guard let host = addresses.hostname ?? NetworkInterfaces.localNetworkAddresses().first,
            !loopback.contains(host), !host.hasPrefix("127.")
        else { return nil }
        let authority = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(authority):\(addresses.port)\(addresses.basePath)"
    }

    /// What is printed of a certificate that LinkUp has made itself, so that people can tell it from another's.
    static func trust(_ addresses: LinkUpServer.Addresses) -> [String] {
        guard let own = addresses.ownCertificate else { return [] }
        return [
            "Browsers warn of the certificate, which is LinkUp's own. Its SHA-256 fingerprint is",
            "  \(own.fingerprint)",
            "Where \(own.rootFile) is installed as a root they trust it; phones get it from \(addresses.basePath)api/root.crt",
        ]
    }

    /// What is printed of a certificate that an authority gives.
    static func acme(_ addresses: LinkUpServer.Addresses, _ tls: PageTLS) -> [String] {
        guard case .acme(let acme) = tls, let port = addresses.httpPort else { return [] }
        let authority = acme.directory == ACMEConfiguration.letsEncrypt ? "Let's Encrypt" : acme.directory
        let lines = [
            "The certificate is from \(authority), whose terms you agree to; it comes to port 80, here \(port), or 443."
        ]
        guard addresses.isTemporary else { return lines }
        return lines + ["Until there is one, browsers warn of a self-signed certificate; the log says when there is."]
    }

    /// What is printed when all ports are open; programs that wait for it read the port from the first line.
    static func greeting(_ addresses: LinkUpServer.Addresses) -> [String] {
        let scheme = addresses.isSecure ? "https" : "http"
        let path = addresses.basePath == .root ? "" : "\(addresses.basePath)"
        var lines = ["LinkUp is running. Open \(addresses.url)"]
        guard addresses.hostname == nil else { return lines }
        let others = NetworkInterfaces.localNetworkAddresses()
        if !others.isEmpty {
            let urls = others.map { "\(scheme)://\($0):\(addresses.port)\(path)" }
            lines.append("From other machines: " + urls.joined(separator: ", "))
        }
        if !others.isEmpty, !addresses.isSecure {
            lines.append("Browsers there give out camera and microphone over HTTPS only; chat works without.")
        }
        return lines
    }
}

extension OptionReader {
    /// Reads what the application has to know.
    /// - Throws: ``OptionError`` for what can't be right.
    func linkUpConfiguration() throws(OptionError) -> LinkUpConfiguration {
        var turn = try turnConfiguration()
        turn.relayPeers = try relayPeers()
        var configuration = LinkUpConfiguration(hostname: turn.hostname, turn: turn)
        configuration.port = try number(.port, in: 0...65_535)?.value ?? configuration.port
        configuration.publicPort = try number(.publicPort, in: 1...65_535)?.value
        configuration.turnHost = try nonEmpty(.turnHost)?.value
        configuration.dataDirectory = try nonEmpty(.dataDirectory)?.value ?? configuration.dataDirectory
        configuration.webDirectory = try nonEmpty(.webDirectory)?.value
        configuration.metrics = try monitoringAddress()
        configuration.version = Version.current
        configuration.basePath = try basePath() ?? configuration.basePath
        configuration.protections = try protections()
        configuration.history = try historyLimits()
        configuration.pageTLS = try pageTLS(hasCertificate: turn.tls != nil)
        try addACME(to: &configuration)
        // A port of its own is not needed where the one of the page is shared.
        if configuration.pageTLS == .certificate, try text(.tlsPort) == nil { configuration.turn.tls?.port = nil }
        if configuration.publicPort != nil, configuration.pageTLS == .off {
            throw OptionError("\(OptionName.publicPort.flag) needs TLS on the page's port: \(OptionName.tls.flag).")
        }
        return configuration
    }

    private func pageTLS(hasCertificate: Bool) throws(OptionError) -> PageTLS {
        let values: [String: PageTLS] = ["certificate": .certificate, "self-signed": .selfSigned, "off": .off]
        guard let setting = try text(.tls)?.read(as: "certificate, self-signed or off", { values[$0] }) else {
            return hasCertificate ? .certificate : .off
        }
        let files = "\(OptionName.certificate.flag) and \(OptionName.privateKey.flag)"
        switch setting.value {
        case .certificate where !hasCertificate: throw setting.error("certificate needs \(files)")
        case .selfSigned where hasCertificate: throw setting.error("self-signed goes without \(files)")
        case .certificate, .selfSigned, .acme, .off: return setting.value
        }
    }

    private func basePath() throws(OptionError) -> BasePath? {
        let expected = "a path of letters, digits and -._~ between slashes, \(BasePath.maximumLength) at most, as /talk"
        return try text(.basePath)?.read(as: expected) { BasePath($0) }.value
    }
}
