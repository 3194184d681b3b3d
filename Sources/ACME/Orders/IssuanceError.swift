/// Why a certificate authority has given no certificate.
public struct IssuanceError: Error, Equatable, Sendable {
    /// What has gone wrong.
    public enum Cause: Equatable, Sendable {
        /// The authority can't be reached; with the reason in words.
        case unreachable(String)
        /// It has answered with an error.
        case problem(Problem)
        /// It has answered with a status that says no more.
        case status(Int)
        /// It has answered with something that is no answer to the request.
        case unusableAnswer(String)
        /// It has not found what shows that the name is this server's own.
        case rejected(DomainName, ChallengeKind, Problem?)
        /// It offers no way of showing that which is possible here.
        case noWay(DomainName)
        /// It has taken too long, or too many requests.
        case tooSlow
        /// It has refused every nonce that it has given.
        case noncesRefused
        /// The certificate that it has given can't be used.
        case unusableCertificate(KeyedCertificate.Problem)
        /// This machine has failed: it can't sign, or not write a file.
        case local(String)
    }

    /// What has gone wrong.
    public var cause: Cause
    /// What was being done, for the sentence: `ordering the certificate`.
    public var step: String
    /// How long the authority wants to be left alone.
    public var retryAfter: Duration?

    /// Makes an error.
    public init(_ cause: Cause, step: String, retryAfter: Duration? = nil) {
        self.cause = cause
        self.step = step
        self.retryAfter = retryAfter
    }

    /// Whether the names are to blame, or the way to this server, so that another way may do.
    public var isRejection: Bool {
        switch cause {
        case .rejected, .noWay: true
        default: false
        }
    }
}

extension IssuanceError: CustomStringConvertible {
    /// One sentence without a full stop, for the operator.
    public var description: String {
        switch cause {
        case .unreachable(let reason): "the certificate authority can't be reached: \(reason)"
        // Said of a challenge, it means something else.
        case .problem(let problem) where problem.kind == .unauthorized:
            "the certificate authority refuses \(step): the account may not do that; without its file there is another one "
                + "(\(problem.detail))"
        case .problem(let problem): "the certificate authority refuses \(step): \(problem)"
        case .status(let status): "the certificate authority answers \(step) with status \(status)"
        case .unusableAnswer(let what): "the certificate authority's answer to \(step) can't be used: \(what)"
        case .rejected(let name, let kind, let problem):
            "the certificate authority did not see that \(name) is this server (\(kind.words)): "
                + (problem.map { "\($0)" } ?? "it does not say why")
        case .noWay(let name):
            "the certificate authority offers no way for \(name) that is possible here (HTTP-01, TLS-ALPN-01)"
        case .tooSlow: "the certificate authority takes too long for \(step)"
        case .noncesRefused: "the certificate authority refuses each nonce that it gives"
        case .unusableCertificate(let problem):
            "the certificate authority's certificate can't be used: \(problem.words)"
        case .local(let reason): reason
        }
    }
}

extension ChallengeKind {
    /// Where the authority has looked.
    var words: String {
        switch self {
        case .http: "HTTP-01, port 80"
        case .tlsALPN: "TLS-ALPN-01, port 443"
        }
    }
}

extension KeyedCertificate.Problem {
    /// What is wrong, in words.
    var words: String {
        switch self {
        case .noPEM: "it is not in PEM"
        case .noKey: "there is no key with it"
        case .noCertificate: "there is none in it"
        case .tooManyCertificates: "its chain is too long"
        case .otherKey: "it is for another key"
        case .missingName(let name): "it is not for \(name)"
        case .emptyLife: "it ends before it begins"
        }
    }
}
