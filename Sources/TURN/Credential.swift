public import STUN

/// The keys of a user, and until when they are good.
public struct Credential: Hashable, Sendable {
    /// The key by MD5, which clients of RFC 5389 use.
    public let md5: IntegrityKey
    /// The key by SHA-256.
    public let sha256: IntegrityKey
    /// When the credential ends, and with it all that was done by it, in Unix time; `nil` for never.
    public let expiry: UInt32?

    /// Derives the keys of a password.
    public init(username: String, realm: String, password: String, expiry: UInt32? = nil) {
        md5 = .longTermMD5(username: username, realm: realm, password: password)
        sha256 = .longTermSHA256(username: username, realm: realm, password: password)
        self.expiry = expiry
    }
}

/// Where credentials come from: a list, a secret, or the program that TURN is part of.
///
/// Asked while a request is handled, so it must not wait for anything.
public protocol CredentialProvider: Sendable {
    /// The credentials that a user may have; none if the user is unknown, or not known any more.
    /// - Parameters:
    ///   - username: The name as sent.
    ///   - realm: The server's realm.
    ///   - now: Unix time in seconds.
    /// - Returns: Each with which a request of the user may be signed.
    func credentials(of username: String, realm: String, at now: UInt32) -> [Credential]

    /// The name behind a hash (RFC 8489 §14.4); `nil` if nobody has it, or names can't be listed.
    func username(of hash: Userhash, realm: String) -> String?
}

extension CredentialProvider {
    /// Knows no name.
    public func username(of hash: Userhash, realm: String) -> String? { nil }
}
