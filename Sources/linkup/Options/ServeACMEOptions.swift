import ACME
import ArgumentParser
import Configuration
import LinkUpServer

/// The flags of `linkup serve` about the certificate that it gets by itself.
struct ServeACMEOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A name on the Internet that leads here: gets a certificate for it by itself (ACME); may be repeated.",
            valueName: "name"
        )
    )
    var domain: [String] = []

    @Option(help: ArgumentHelp("An address of mail for the account with the authority.", valueName: "address"))
    var acmeEmail: String?

    @Option(
        help: ArgumentHelp(
            "The directory of the certificate authority, an address of https. (default: Let's Encrypt)",
            valueName: "url"
        )
    )
    var acmeDirectory: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file of roots that the authority's server is trusted by, besides the system's.",
            valueName: "file"
        )
    )
    var acmeRoot: String?

    @Option(
        help: "The TCP port of plain HTTP with a --domain, reached as port 80; 0 lets the system choose. (default: 80)"
    )
    var httpPort: Int?

    /// What was given as flags.
    var flags: [OptionName: ConfigContent] {
        var flags: [OptionName: ConfigContent] = [:]
        let texts: [OptionName: String?] = [
            .acmeEmail: acmeEmail, .acmeDirectory: acmeDirectory, .acmeRoot: acmeRoot,
            .httpPort: httpPort.map(String.init),
        ]
        if !domain.isEmpty { flags[.domain] = .stringArray(domain) }
        for (name, text) in texts { flags[name] = text.map { .string($0) } }
        return flags
    }
}

extension OptionReader {
    /// Has the certificate got by ACME where a name was given: HTTPS on port 443 unless said otherwise, under these names.
    /// - Throws: ``OptionError`` for what can't be right.
    func addACME(to configuration: inout LinkUpConfiguration) throws(OptionError) {
        guard let acme = try acmeConfiguration() else { return }
        configuration.pageTLS = .acme(acme)
        configuration.port = try text(.port) == nil ? 443 : configuration.port
        configuration.protections.publicHosts += acme.names.map(\.description)
        if acme.httpPort != 0, acme.httpPort == configuration.port {
            throw OptionError("\(OptionName.httpPort.flag) and \(OptionName.port.flag) must be two ports.")
        }
    }

    private func acmeConfiguration() throws(OptionError) -> ACMEConfiguration? {
        let names = try list(.domain, "a name of the DNS, as talk.example.org, without *", { DomainName($0) })
        guard !names.isEmpty else {
            for option in [OptionName.acmeEmail, .acmeDirectory, .acmeRoot, .httpPort] {
                if let setting = try text(option) { throw setting.error("needs \(OptionName.domain.flag)") }
            }
            return nil
        }
        for option in [OptionName.tls, .certificate, .privateKey, .tlsPort] {
            if let setting = try text(option) { throw setting.error("goes without \(OptionName.domain.flag)") }
        }
        guard names.count <= Issuance.maximumNames, Set(names).count == names.count else {
            throw OptionError("\(OptionName.domain.flag) takes \(Issuance.maximumNames) different names.")
        }
        var acme = ACMEConfiguration(names: names)
        acme.email = try text(.acmeEmail)?.read(as: "an address of mail", { Self.isMail($0) ? $0 : nil }).value
        acme.directory =
            try text(.acmeDirectory)?.read(as: "an address of https", { Issuance.isDirectory($0) ? $0 : nil }).value
            ?? acme.directory
        acme.rootFile = try rootFile()
        acme.httpPort = try number(.httpPort, in: 0...65_535)?.value ?? acme.httpPort
        return acme
    }

    private func rootFile() throws(OptionError) -> String? {
        guard let setting = try nonEmpty(.acmeRoot) else { return nil }
        if let problem = FileProblem.whyUnreadable(setting.value) {
            throw OptionError("\(setting.name): cannot read \(setting.value): \(problem).", isInFile: true)
        }
        return setting.value
    }

    /// Whether a text can be the one address of a `mailto:` (RFC 8555 §7.3).
    private static func isMail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && DomainName(parts[1]) != nil && text.utf8.count <= 254
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !",?&%\"\\<>".utf8.contains($0) }
    }
}
