public import STUN

/// Checks who sends a request, by the long-term credential mechanism (RFC 8489 §9.2.4).
///
/// Keeps nothing between requests. The nonce is looked at first and not last as the RFC lists it: its own code is
/// cheaper than the search for a user, and clients know both orders, since RFC 5389 had the other one.
public struct Authenticator: Sendable {
    /// What a request turned out to be.
    public enum OnRequest: Sendable, Equatable {
        /// Signed by a user.
        case authenticated(Identity)
        /// Answer with the error, REALM, a new NONCE and PASSWORD-ALGORITHMS (``appendChallenge(to:for:at:)``), unsigned.
        case challenge(ErrorCode)
        /// Answer with the error alone, unsigned.
        case refuse(ErrorCode)
    }

    /// A user, and how to sign what the user is answered.
    public struct Identity: Sendable, Equatable {
        /// The user's name.
        public let username: String
        /// The key that the request was signed with.
        public let key: IntegrityKey
        /// Whether answers carry MESSAGE-INTEGRITY-SHA256 in place of MESSAGE-INTEGRITY.
        public let signsWithSHA256: Bool
        /// When the credential ends, in Unix time; `nil` for never.
        public let expiry: UInt32?
    }

    /// The realm.
    public let realm: Realm

    private let algorithms: PasswordAlgorithms
    private let nonces: NonceIssuer
    private let providers: [any CredentialProvider]
    private let revoked: RevokedUsers
    /// Signs for users that do not exist, so that it takes as long to find that out as to find a wrong password.
    private let nobody: Credential

    /// Makes an authenticator.
    /// - Parameters:
    ///   - realm: The realm, of which the keys are made.
    ///   - nonces: Makes the nonces.
    ///   - providers: Know the users; the first that knows a name counts.
    ///   - revoked: Who is not known any more, whatever the providers say; nobody unless given.
    public init(
        realm: Realm,
        nonces: NonceIssuer,
        providers: [any CredentialProvider],
        revoked: RevokedUsers = RevokedUsers()
    ) {
        self.realm = realm
        self.nonces = nonces
        self.providers = providers
        self.revoked = revoked
        nobody = Credential(username: "", realm: realm.text, password: TransactionID.random().description)
        guard let algorithms = try? PasswordAlgorithms([.sha256, .md5]) else {
            preconditionFailure("two password algorithms are no more than allowed")
        }
        self.algorithms = algorithms
    }

    /// Judges a request.
    /// - Parameters:
    ///   - request: The request.
    ///   - client: Where it came from.
    ///   - now: Unix time in seconds.
    ///   - username: Whose credential is good although it has ended; nobody's unless given.
    ///   - fromAnyPort: Whether a nonce is good that was made for another port of the client: a ConnectionBind is the
    ///     only request of its connection, and clients take the nonce that they have (RFC 6062 §4.3).
    /// - Returns: Who sent it, or what to answer.
    public func check(
        _ request: borrowing STUNMessage,
        from client: TransportAddress,
        at now: UInt32,
        afterItsEnd username: String? = nil,
        fromAnyPort: Bool = false
    ) -> OnRequest {
        guard request.first(.messageIntegrity) != nil || request.first(.messageIntegritySHA256) != nil else {
            return .challenge(.unauthenticated)
        }
        do throws(STUNError) {
            guard let nonce = try request.first(Nonce.self), let realm = try request.first(Realm.self),
                request.first(.username) != nil || request.first(.userhash) != nil
            else { return .refuse(.badRequest) }
            guard nonces.judge(nonce, from: client, at: now, fromAnyPort: fromAnyPort) == .valid else {
                return .challenge(.staleNonce)
            }
            guard let scheme = try scheme(of: request) else { return .refuse(.badRequest) }
            guard realm == self.realm else { return .challenge(.unauthenticated) }
            return try checkIntegrity(of: request, scheme, at: now, afterItsEnd: username)
        } catch {
            return .refuse(.badRequest)
        }
    }

    /// Which hash makes the key, and whether the client has chosen it by PASSWORD-ALGORITHM.
    private struct Scheme {
        var derivesBySHA256 = false
        var isChosen = false
    }

    /// RFC 8489 §9.2.4: without either attribute the client is one of RFC 5389; otherwise both must be there, and the
    /// list as it was sent, lest somebody on the way has made it shorter.
    private func scheme(of request: borrowing STUNMessage) throws(STUNError) -> Scheme? {
        let offered = try request.first(PasswordAlgorithms.self)
        let chosen = try request.first(PasswordAlgorithm.self)
        switch (offered, chosen) {
        case (nil, nil): return Scheme()
        case (algorithms?, let chosen?) where algorithms.algorithms.contains(chosen):
            return Scheme(derivesBySHA256: chosen == .sha256, isChosen: true)
        default: return nil
        }
    }

    private func checkIntegrity(
        of request: borrowing STUNMessage,
        _ scheme: Scheme,
        at now: UInt32,
        afterItsEnd keeper: String?
    ) throws(STUNError) -> OnRequest {
        let username = try username(of: request)
        // In 1970 no credential had ended.
        let credentials = username.map { self.credentials(of: $0, at: $0 == keeper ? 0 : now) } ?? []
        for credential in credentials.isEmpty ? [nobody] : credentials {
            let key = scheme.derivesBySHA256 ? credential.sha256 : credential.md5
            guard isSigned(request, with: key), let username, !credentials.isEmpty else { continue }
            guard !revoked.contains(username, at: now) else { break }
            return .authenticated(
                Identity(
                    username: username,
                    key: key,
                    signsWithSHA256: scheme.isChosen,
                    expiry: credential.expiry
                )
            )
        }
        return .challenge(.unauthenticated)
    }

    private func username(of request: borrowing STUNMessage) throws(STUNError) -> String? {
        if let username = try request.first(Username.self) { return username.text }
        guard let hash = try request.first(Userhash.self) else { return nil }
        for provider in providers {
            if let username = provider.username(of: hash, realm: realm.text) { return username }
        }
        return nil
    }

    private func credentials(of username: String, at now: UInt32) -> [Credential] {
        for provider in providers {
            let credentials = provider.credentials(of: username, realm: realm.text, at: now)
            if !credentials.isEmpty { return credentials }
        }
        return []
    }

    /// RFC 8489 §9.2.4: MESSAGE-INTEGRITY-SHA256 counts if it is there.
    private func isSigned(_ request: borrowing STUNMessage, with key: IntegrityKey) -> Bool {
        switch request.checkMessageIntegritySHA256(key: key) {
        case .valid: true
        case .invalid: false
        case .absent: request.checkMessageIntegrity(key: key) == .valid
        }
    }

    /// Appends what a client needs to try again: REALM, a new NONCE and PASSWORD-ALGORITHMS.
    /// - Throws: ``/STUN/STUNError/messageTooLong``.
    public func appendChallenge(
        to writer: inout STUNMessageWriter,
        for client: TransportAddress,
        at now: UInt32
    ) throws(STUNError) {
        try writer.append(realm)
        try writer.append(nonces.makeNonce(for: client, at: now))
        try writer.append(algorithms)
    }
}

extension Authenticator.Identity {
    /// Signs an answer to the user.
    /// - Throws: ``/STUN/STUNError/messageTooLong``.
    public func sign(_ writer: inout STUNMessageWriter) throws(STUNError) {
        if signsWithSHA256 {
            try writer.appendMessageIntegritySHA256(key: key)
        } else {
            try writer.appendMessageIntegrity(key: key)
        }
    }
}
