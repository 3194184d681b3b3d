public import STUN

/// Users with passwords that stay.
public struct StaticCredentials: CredentialProvider {
    private let credentials: [String: Credential]
    private let names: [Userhash: String]

    /// Makes a provider.
    /// - Parameters:
    ///   - passwords: Each user's password.
    ///   - realm: The server's realm.
    public init(_ passwords: [String: String], realm: String) {
        var credentials: [String: Credential] = [:]
        var names: [Userhash: String] = [:]
        for (name, password) in passwords {
            credentials[name] = Credential(username: name, realm: realm, password: password)
            names[Userhash(username: name, realm: realm)] = name
        }
        self.credentials = credentials
        self.names = names
    }

    /// The credential of a user, if there is such a user.
    public func credentials(of username: String, realm: String, at now: UInt32) -> [Credential] {
        credentials[username].map { [$0] } ?? []
    }

    /// The name behind a hash.
    public func username(of hash: Userhash, realm: String) -> String? {
        names[hash]
    }
}
