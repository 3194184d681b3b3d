public import ACME

/// What the application needs to know to get its certificate by itself (RFC 8555).
public struct ACMEConfiguration: Equatable, Sendable {
    /// The directory of Let's Encrypt.
    public static let letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

    /// What the certificate is for: one name at least, ``ACME/Issuance/maximumNames`` at most.
    public var names: [DomainName]
    /// An address of mail for the account; none unless set.
    public var email: String?
    /// The directory of the certificate authority.
    public var directory: String
    /// A file with the roots, in PEM, that the authority's own certificate is trusted by besides the system's.
    public var rootFile: String?
    /// The TCP port for plain HTTP, to which the authority comes as port 80; 0 lets the system choose.
    public var httpPort: Int

    /// Makes a configuration.
    /// - Parameters:
    ///   - names: What the certificate is for.
    ///   - email: An address of mail for the account; none unless given.
    ///   - directory: The directory of the certificate authority; that of Let's Encrypt unless given.
    ///   - rootFile: A file with roots that are trusted besides the system's; none unless given.
    ///   - httpPort: The port for plain HTTP; 80 unless given.
    public init(
        names: [DomainName],
        email: String? = nil,
        directory: String = ACMEConfiguration.letsEncrypt,
        rootFile: String? = nil,
        httpPort: Int = 80
    ) {
        self.names = names
        self.email = email
        self.directory = directory
        self.rootFile = rootFile
        self.httpPort = httpPort
    }
}
