import Crypto
public import FoundationEssentials

/// The certificate that answers a challenge of TLS-ALPN-01 (RFC 8737 §3): it has the hash of the key authorization in it.
public struct ChallengeCertificate: Sendable {
    /// The name that is to be shown as one's own.
    public let name: String
    /// The certificate and its key, in PEM.
    public let pem: String

    /// Makes a certificate.
    /// - Parameters:
    ///   - name: The name that is to be shown as one's own.
    ///   - keyAuthorization: What the account says to the token of the challenge.
    ///   - now: The time; the certificate is good for a day before and after it, as a validator need not look at that.
    /// - Throws: What X509 throws when it can't encode or sign.
    public init(for name: String, keyAuthorization: String, at now: Date) throws {
        let certificate = try SelfSignedCertificate(
            for: [name],
            validity: Validity(from: now.addingTimeInterval(-86_400), to: now.addingTimeInterval(86_400)),
            acmeIdentifier: Array(SHA256.hash(data: Data(keyAuthorization.utf8)))
        )
        self.name = name
        pem = certificate.pem
    }
}
