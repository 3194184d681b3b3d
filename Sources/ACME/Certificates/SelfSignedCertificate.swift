import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A certificate that nobody has signed but its own key.
public struct SelfSignedCertificate: Sendable {
    /// The certificate and its key, in PEM.
    public let pem: String

    /// Makes a certificate to begin with, until an authority has given one; it is good for a year from a day ago.
    /// - Throws: What X509 throws when it can't encode or sign.
    public init(for names: [DomainName], at now: Date) throws {
        try self.init(
            for: names.map(\.description),
            validity: Validity(from: now.addingTimeInterval(-86_400), to: now.addingTimeInterval(365 * 86_400))
        )
    }

    init(for names: [String], validity: Validity, acmeIdentifier: [UInt8]? = nil) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName("LinkUp") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: validity.from,
            notValidAfter: validity.to,
            issuer: subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                SubjectAlternativeNames(names.map { .dnsName($0) })
                if let acmeIdentifier {
                    // id-pe-acmeIdentifier, critical, with an OCTET STRING (RFC 8737 §3).
                    Certificate.Extension(
                        oid: [1, 3, 6, 1, 5, 5, 7, 1, 31],
                        critical: true,
                        value: ([0x04, UInt8(acmeIdentifier.count)] + acmeIdentifier)[...]
                    )
                }
            },
            issuerPrivateKey: key
        )
        pem = try [key.serializeAsPEM().pemString, certificate.serializeAsPEM().pemString, ""].joined(separator: "\n")
    }
}
