package import FoundationEssentials
import SwiftASN1
import X509

/// What is to be known of a certificate in a file.
package struct CertificateSummary: Sendable {
    /// Its SHA-256, as browsers show it.
    package let fingerprint: String
    /// When it ends.
    package let end: Date

    /// Reads the first certificate of a PEM file; `nil` where there is none.
    package init?(file: String) {
        guard let text = try? PrivateFile.read(file),
            let certificate = try? PEMDocument.parseMultiple(pemString: text)
                .first(where: { $0.discriminator == Certificate.defaultPEMDiscriminator })
                .map({ try Certificate(pemDocument: $0) })
        else { return nil }
        fingerprint = certificate.fingerprint
        end = certificate.notValidAfter
    }
}
