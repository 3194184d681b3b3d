/// How it is shown that a name is this server's own.
public enum ChallengeKind: String, Sendable, CaseIterable {
    /// By a page on port 80 (RFC 8555 §8.3).
    case http = "http-01"
    /// By a certificate on port 443 (RFC 8737).
    case tlsALPN = "tls-alpn-01"
}

/// What the certificate authority is going to look for.
public struct ChallengeAnswer: Equatable, Sendable {
    /// Where it looks.
    public var kind: ChallengeKind
    /// The name that it looks under.
    public var name: DomainName
    /// The last part of the page's path.
    public var token: String
    /// What it has to find: the body of the page, or by its hash what is in the certificate.
    public var keyAuthorization: String

    /// Makes an answer.
    public init(kind: ChallengeKind, name: DomainName, token: String, keyAuthorization: String) {
        self.kind = kind
        self.name = name
        self.token = token
        self.keyAuthorization = keyAuthorization
    }
}
