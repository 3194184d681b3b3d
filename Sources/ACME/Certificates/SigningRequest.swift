import Crypto
import SwiftASN1
import X509

/// A request for a certificate (PKCS #10, RFC 2986), as RFC 8555 §7.4 wants it.
enum SigningRequest {
    /// Makes a request.
    /// - Parameters:
    ///   - names: What the certificate is for: all of them as alternative names, and no other.
    ///   - key: The key of the certificate.
    /// - Returns: DER.
    /// - Throws: What X509 throws when it can't encode or sign.
    static func make(for names: [DomainName], key: P256.Signing.PrivateKey) throws -> [UInt8] {
        let extensions = try Certificate.Extensions {
            SubjectAlternativeNames(names.map { .dnsName($0.description) })
        }
        let request = try CertificateSigningRequest(
            version: .v1,
            // Authorities take the alternative names; a common name may not be longer than 64 characters.
            subject: DistinguishedName(),
            privateKey: Certificate.PrivateKey(key),
            attributes: CertificateSigningRequest.Attributes([.init(ExtensionRequest(extensions: extensions))]),
            signatureAlgorithm: .ecdsaWithSHA256
        )
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        return serializer.serializedBytes
    }
}
