import STUN
import TURN

/// Why a check did not succeed.
enum CheckFailure: Error, Hashable, Sendable {
    /// The host's name has no address.
    case unknownHost(String)
    /// Nothing came back in time.
    case noAnswer
    /// The connection is there, and nothing came over it.
    case silent
    /// The server's system says that nobody listens there.
    case nothingListens
    /// This machine has no way to the server.
    case unreachable(String)
    /// The connection was closed before an answer.
    case closed
    /// Something else than STUN came back.
    case notSTUN
    /// Something else than TLS came back.
    case notTLS
    /// The certificate is not one that this machine trusts for this server.
    case certificate
    /// TLS could not be agreed upon.
    case tls(String)
    /// An answer has not what it must have.
    case malformedAnswer(String)
    /// Answers came, but signed with another key.
    case wrongSignature
    /// The server speaks STUN, and does not answer who asks for TURN.
    case noTURN
    /// The server asks for a user.
    case credentialsNeeded(realm: String)
    /// The server has another realm than was expected.
    case otherRealm(String)
    /// The server, or somebody between, has taken out the list of algorithms that its nonce speaks of.
    case downgraded
    /// The server wants a nonce replaced again and again.
    case staleForever
    /// The server refuses what it was asked for.
    case refused(Step, code: Int, reason: String, alternate: TransportAddress?)
    /// What was sent to the relayed address did not arrive.
    case notRelayed
    /// The relayed address is one that nobody outside can send to.
    case privateRelay(IPAddress)
    /// The system of this machine said no.
    case system(String)

    /// What the server was asked for.
    enum Step: String, Hashable, Sendable {
        case binding
        case allocate
        case permission
        case channel
        case refresh
    }
}

/// What a failure means for whoever runs the check.
struct Problem: Encodable, Hashable, Sendable {
    /// A name that stays, for programs.
    var code: String
    /// What is wrong.
    var text: String
    /// What to do.
    var advice: String
}

extension CheckFailure {
    /// Words the failure.
    /// - Parameters:
    ///   - transport: The transport that was tried.
    ///   - port: The server's port.
    /// - Returns: Two sentences.
    func problem(over transport: Transport, port: Int) -> Problem {
        let place = "\(transport.portKind) port \(port)"
        switch self {
        case .unknownHost(let host):
            return Problem("unknown-host", "The name \(host) has no address.", "Check the name and this machine's DNS.")
        case .noAnswer:
            return Problem(
                "no-answer",
                "No answer came over \(transport.name).",
                "Check that the server runs, that its firewall lets \(place) in, and that this network lets it out."
            )
        case .silent:
            return Problem(
                "silent",
                "The server takes the connection and does not answer.",
                "Check that it is STUN or TURN that listens on \(place), "
                    + (transport == .tls ? "with TLS." : "without TLS.")
            )
        case .nothingListens:
            return Problem(
                "nothing-listens",
                "Nothing listens on \(place).",
                "Start the server, or check the port and whether \(transport.name) is switched on."
            )
        case .unreachable(let reason):
            return Problem(
                "unreachable",
                "This machine has no way to the server: \(reason).",
                "Check the address and this machine's network; without IPv6, try the server's IPv4 address."
            )
        case .closed:
            return Problem(
                "closed",
                "The server closed the connection without an answer.",
                "Check that it is STUN or TURN that listens on \(place), and whether the server has too many connections."
            )
        case .notSTUN:
            return Problem(
                "not-stun",
                "What answers on \(place) does not speak STUN.",
                "Check the port, and whether it is one for TLS; a web server may be there."
            )
        case .notTLS, .certificate, .tls: return tlsProblem(place)
        case .malformedAnswer(let what):
            return Problem(
                "malformed-answer",
                "The server's answer has \(what).",
                "The server has a fault, or something between changes what it sends; try another transport, or TLS."
            )
        case .wrongSignature:
            return Problem(
                "wrong-signature",
                "Answers came that are not signed with the password.",
                "Something between changes what the server sends, or answers in its place; try TLS."
            )
        case .noTURN:
            return Problem(
                "no-turn",
                "The server answers STUN and does not relay.",
                "Give it users or a secret (--user, --secret): without, linkup turn is a STUN server."
            )
        case .credentialsNeeded(let realm):
            return Problem(
                "credentials-needed",
                "The server asks for a user of its realm \(realm.printable).",
                "Give --user NAME:PASSWORD or --secret SECRET to have relaying checked."
            )
        case .otherRealm(let realm):
            return Problem(
                "other-realm",
                "The server's realm is \(realm.printable).",
                "Check --realm, and that this is the server you mean."
            )
        case .downgraded:
            return Problem(
                "downgraded",
                "The server's nonce speaks of password algorithms and the answer lists none.",
                "Somebody between may be after the password: use TLS (RFC 8489 §9.2.1)."
            )
        case .staleForever:
            return Problem(
                "stale-nonce",
                "The server takes none of its own nonces (438).",
                "If several servers share the address, give them the same secrets, or send each client to one of them."
            )
        case .refused(let step, let code, let reason, let alternate):
            return Self.refusal(of: step, code, reason, alternate)
        case .notRelayed:
            return Problem(
                "not-relayed",
                "What was sent to the relayed address did not arrive.",
                "Let the relay's UDP ports (49152-65535 by default) in through the server's firewall; behind a NAT, set "
                    + "its public address (--relay-address PUBLIC/LOCAL)."
            )
        case .privateRelay(let address):
            return Problem(
                "private-relay",
                "The server gives out the relayed address \(address), which cannot be reached from outside.",
                "Tell the server its public address: --relay-address PUBLIC/LOCAL, or external-ip with coturn."
            )
        case .system(let reason):
            return Problem("system", "This machine refuses: \(reason).", "Check this machine's network and limits.")
        }
    }

    private func tlsProblem(_ place: String) -> Problem {
        switch self {
        case .notTLS:
            return Problem(
                "not-tls",
                "What listens on \(place) does not speak TLS.",
                "Check the port, and that the server has a certificate and a private key."
            )
        case .certificate:
            return Problem(
                "certificate",
                "The certificate is not trusted: it has expired, is for another name, or comes from nobody known here.",
                "Get one for the server's name from a public authority, with its whole chain; --insecure looks past it."
            )
        case .tls(let reason):
            return Problem(
                "tls",
                "TLS could not be agreed upon: \(reason.printable).",
                "Check that the server speaks TLS 1.2 or later and that nothing between ends TLS."
            )
        default: preconditionFailure("\(self) is no failure of TLS")
        }
    }
}

extension Problem {
    init(_ code: String, _ text: String, _ advice: String) {
        self.init(code: code, text: text, advice: advice)
    }
}
