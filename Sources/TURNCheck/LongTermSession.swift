import STUN

/// A user and a password.
package struct Login: Hashable, Sendable {
    var username: String
    var password: String

    /// Makes a login.
    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}

extension Login {
    /// Reads `NAME:PASSWORD`; a password may have colons.
    ///
    /// Names that were made of a secret are `EXPIRY:IDENTITY`: their password, base64, is behind the last colon.
    package init?(_ text: String) {
        let first = text.prefix { $0 != ":" }
        let isTimeLimited = UInt32(first) != nil && text[first.endIndex...].dropFirst().contains(":")
        guard let colon = isTimeLimited ? text.lastIndex(of: ":") : text.firstIndex(of: ":") else { return nil }
        self.init(username: String(text[..<colon]), password: String(text[colon...].dropFirst()))
        guard !username.isEmpty, !password.isEmpty else { return nil }
    }
}

/// What a client knows of a server that has asked it who it is (RFC 8489 §9.2.3).
struct LongTermSession: Sendable {
    let realm: Realm
    private(set) var nonce: Nonce
    /// What requests and answers are signed with.
    let key: IntegrityKey
    private let login: Login
    /// The server's list and the choice out of it; `nil` with servers of RFC 5389.
    private let algorithms: (offered: PasswordAlgorithms, chosen: PasswordAlgorithm)?
    private let isAnonymous: Bool

    /// Takes up a challenge (RFC 8489 §9.2.5).
    /// - Parameters:
    ///   - answer: The server's 401.
    ///   - login: Who to be.
    /// - Throws: ``CheckFailure`` if the challenge can't be met.
    init(_ answer: Answer, login: Login) throws(CheckFailure) {
        guard let realm = answer.realm.flatMap({ try? Realm($0) }),
            let nonce = answer.nonce.flatMap({ try? Nonce($0) })
        else { throw .malformedAnswer("no realm or no nonce beside its 401") }
        let features = NonceFeatures(nonce.text)
        self.realm = realm
        self.nonce = nonce
        self.login = login
        isAnonymous = features.anonymity
        if let offered = answer.algorithms {
            guard let list = try? PasswordAlgorithms(offered),
                let chosen = offered.first(where: { $0 == .sha256 || $0 == .md5 })
            else { throw .malformedAnswer("no password algorithm that is known here") }
            algorithms = (list, chosen)
        } else {
            guard !features.passwordAlgorithms else { throw .downgraded }
            algorithms = nil
        }
        let (name, password) = (login.username, login.password)
        key =
            algorithms?.chosen == .sha256
            ? .longTermSHA256(username: name, realm: realm.text, password: password)
            : .longTermMD5(username: name, realm: realm.text, password: password)
    }

    /// Goes on with another nonce (RFC 8489 §9.2.5, 438).
    mutating func renew(_ text: String) {
        nonce = (try? Nonce(text)) ?? nonce
    }

    /// Adds to a request who sends it, and signs it.
    /// - Throws: `STUNError` if the name is too long, or the message becomes so.
    func sign(_ writer: inout STUNMessageWriter) throws(STUNError) {
        if isAnonymous {
            try writer.append(Userhash(username: login.username, realm: realm.text))
        } else {
            try writer.append(Username(login.username))
        }
        try writer.append(realm)
        try writer.append(nonce)
        if let algorithms {
            try writer.append(algorithms.offered)
            try writer.append(algorithms.chosen)
            try writer.appendMessageIntegritySHA256(key: key)
        } else {
            try writer.appendMessageIntegrity(key: key)
        }
    }
}

/// What a nonce says about the server (RFC 8489 §9.2).
///
/// The RFC can be read in two ways about which end of the 24 bits is bit 0; a bit counts from either end.
struct NonceFeatures: Hashable, Sendable {
    var passwordAlgorithms = false
    var anonymity = false

    private static let cookie = "obMatJos2"
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    init(_ nonce: String) {
        guard nonce.hasPrefix(Self.cookie) else { return }
        let digits = nonce.utf8.dropFirst(Self.cookie.utf8.count).prefix(4).compactMap {
            Self.alphabet.firstIndex(of: $0)
        }
        guard digits.count == 4 else { return }
        let bits = digits.reduce(0) { $0 << 6 | $1 }
        passwordAlgorithms = bits & 0x800001 != 0
        anonymity = bits & 0x400002 != 0
    }
}
