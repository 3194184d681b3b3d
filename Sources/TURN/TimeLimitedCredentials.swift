import Crypto
import FoundationEssentials

/// Credentials that a service hands out and that end by themselves (draft-uberti-behave-turn-rest-00).
///
/// The name is `EXPIRY:IDENTITY` with the Unix time of the end, the password is the base64 of the name's HMAC-SHA1 under
/// a secret. The first secret makes credentials and all of them are accepted, so that a secret can be changed while
/// credentials of the one before are out.
public struct TimeLimitedCredentials: CredentialProvider {
    private let secrets: [SymmetricKey]

    /// Makes a provider.
    /// - Precondition: There is a secret, and none is empty.
    public init(secrets: [String]) {
        precondition(!secrets.isEmpty && secrets.allSatisfy { !$0.isEmpty }, "a secret must not be empty")
        self.secrets = secrets.map { SymmetricKey(data: Array($0.utf8)) }
    }

    /// Makes a credential.
    /// - Parameters:
    ///   - identity: Whom it is for, as logs show it.
    ///   - expiry: When it ends, in Unix time.
    /// - Returns: What the client is given.
    public func issue(for identity: String, until expiry: UInt32) -> (username: String, password: String) {
        let username = "\(expiry):\(identity)"
        return (username, Self.password(of: username, secrets[0]))
    }

    /// The credentials of a name whose time has not come, one for each secret.
    public func credentials(of username: String, realm: String, at now: UInt32) -> [Credential] {
        guard let expiry = Self.expiry(of: username), expiry > now else { return [] }
        return secrets.map { secret in
            let password = Self.password(of: username, secret)
            return Credential(username: username, realm: realm, password: password, expiry: expiry)
        }
    }

    /// When a name of such a credential ends, in Unix time: digits only, so that a time has one spelling.
    /// - Parameter username: The name.
    /// - Returns: The time in front of the first colon; `nil` for any other name.
    public static func expiry(of username: String) -> UInt32? {
        let digits = username.prefix { $0 != ":" }
        guard let expiry = UInt32(digits), String(expiry) == digits else { return nil }
        return expiry
    }

    /// Whom a name of such a credential is for; `nil` for any other name.
    static func identity(of username: String) -> String? {
        guard expiry(of: username) != nil, let colon = username.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        return String(username[username.index(after: colon)...])
    }

    private static func password(of username: String, _ secret: SymmetricKey) -> String {
        Data(HMAC<Insecure.SHA1>.authenticationCode(for: Array(username.utf8), using: secret)).base64EncodedString()
    }
}
