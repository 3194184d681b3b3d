import ACME
import FoundationEssentials

extension LinkUpServer {
    /// The port of plain HTTP.
    typealias OpenHTTP = (listener: HTTPPort, port: Int)

    /// How the certificate is got, if by ACME.
    var acme: ACMEConfiguration? {
        if case .acme(let acme) = configuration.pageTLS { acme } else { nil }
    }

    /// Sees that there is a certificate to begin with, where one is got by ACME.
    /// - Returns: The one that an authority has given before, if there is one.
    func keepACMECertificate() throws(StartupError) -> KeyedCertificate? {
        guard let acme else { return nil }
        return try acmeFiles.prepare(for: acme.names, at: Date())
    }

    /// Opens the port of plain HTTP, where a certificate authority is to come to it.
    func openHTTP() async throws(StartupError) -> OpenHTTP? {
        guard let acme else { return nil }
        let listener = HTTPPort(hosts: hosts, pages: challenges, securePort: configuration.port, logger: logger)
        return (listener, try await listener.bind(host: hostname, port: acme.httpPort))
    }

    /// Makes what gets the certificate, and the next one in time.
    /// - Parameters:
    ///   - found: The certificate that there is.
    ///   - shared: Who shows it.
    /// - Returns: `nil` where the certificate comes from elsewhere.
    func makeRenewal(_ found: KeyedCertificate?, shown shared: SharedPort) -> CertificateRenewal? {
        guard let acme else { return nil }
        let stage = CertificateRenewal.Stage(
            show: { [challenges] pages, certificates in
                challenges.show(pages)
                try shared.answer(certificates)
            },
            clear: { [challenges] in
                challenges.show([])
                shared.endChallenges()
            },
            replace: { shared.reloadCertificate() }
        )
        return CertificateRenewal(acme, files: acmeFiles, current: found, stage: stage, logger: logger)
    }
}
