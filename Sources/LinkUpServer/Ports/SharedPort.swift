import ACME
import EngineIO
import EngineIOTransport
import Logging
import NIOCore
import TURNServer

/// TLS, TURN and HTTP on the port of the page.
///
/// HTTP is served over TLS only: browsers give a page without it neither camera nor microphone, so that a plain request
/// is sent to the same port with `https`.
struct SharedPort: Sendable {
    private let tls: TLSContexts
    private let turn: TURNServer
    private let hosts: HostPolicy
    private let pages: ChallengePages?

    /// Reads the certificate.
    /// - Parameters:
    ///   - certificate: Its files.
    ///   - turn: Who serves what is TURN.
    ///   - hosts: The names of the server.
    ///   - pages: What a certificate authority looks for, if one does.
    ///   - logger: Where new certificates and unusable files are noted.
    /// - Throws: What is wrong with the files.
    init(
        _ certificate: TURNServer.Configuration.TLS,
        turn: TURNServer,
        hosts: HostPolicy,
        pages: ChallengePages? = nil,
        logger: Logger
    ) throws {
        tls = try TLSContexts(
            certificateFile: certificate.certificateFile,
            privateKeyFile: certificate.privateKeyFile,
            protocols: TLSContexts.turnProtocols + ["http/1.1"],
            logger: logger
        )
        self.turn = turn
        self.hosts = hosts
        self.pages = pages
    }

    /// What stands before HTTP on the port.
    var front: ConnectionFront {
        ConnectionFront { [tls, turn, hosts, pages] channel, client, install in
            let sharing = PortSharing(tls: tls) { content, channel in
                switch content {
                case .turn(let isSecure): try turn.adopt(channel, isSecure: isSecure, clientAddress: client)
                case .http(isSecure: true):
                    try install(channel, SecureTransport { try PortSharing.detach($0, after: $1) })
                case .http(isSecure: false):
                    try channel.pipeline.syncOperations.addHandler(SecureRedirect(hosts: hosts, pages: pages))
                }
            }
            try sharing.add(to: channel)
        }
    }

    /// Shows what a certificate authority looks for, until ``endChallenges()``.
    /// - Throws: When a certificate can't be used.
    func answer(_ certificates: [ChallengeCertificate]) throws {
        for certificate in certificates { try tls.answerChallenge(for: certificate.name, with: certificate.pem) }
    }

    /// Shows it no more.
    func endChallenges() {
        tls.endChallenges()
    }

    /// Reads the certificate and its key again, for connections made from now on.
    func reloadCertificate() {
        tls.reload()
    }
}
