import Crypto
import FoundationEssentials
import Networking
import SwiftASN1
import X509

/// A certificate with its key, as a server shows it.
struct ServerCertificate: Sendable {
    /// How long one is valid: browsers of Apple take no longer ones than 825 days, and others may follow.
    static let lifetime: TimeInterval = 397 * 86_400

    /// The certificate.
    let certificate: Certificate
    /// Its key.
    let key: Certificate.PrivateKey

    /// Puts a certificate and its key together.
    init(_ certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads what ``pem()`` has written; `nil` for anything else, and for a key of another certificate.
    init?(pem: String) {
        guard let documents = try? PEMDocument.parseMultiple(pemString: pem), documents.count == 2,
            let certificate = try? Certificate(pemDocument: documents[0]),
            let key = try? Certificate.PrivateKey(pemDocument: documents[1]),
            key.publicKey == certificate.publicKey
        else { return nil }
        self.init(certificate, key: key)
    }

    /// Both in one text, so that nobody reads one without the other.
    func pem() throws -> String {
        try "\(certificate.serializeAsPEM().pemString)\n\(key.serializeAsPEM().pemString)\n"
    }

    /// The SHA-256 of the certificate as browsers show it: 32 bytes in hexadecimal with colons.
    var fingerprint: String { certificate.fingerprint }

    /// Whether another one is to take its place.
    ///
    /// So it is when it is not for all these names, not from this authority, or two thirds of its time are over; before
    /// its time too, since the clock was wrong when it was made.
    func isDue(at now: Date, for names: MachineNames, from authority: LocalAuthority) -> Bool {
        let (start, end) = (certificate.notValidBefore, certificate.notValidAfter)
        let renewal = start.addingTimeInterval(end.timeIntervalSince(start) * 2 / 3)
        guard now >= start, now < renewal, authority.hasSigned(certificate) else { return true }
        guard let known = (try? certificate.extensions.subjectAlternativeNames).flatMap({ $0 }) else { return true }
        return !Set(names.generalNames).isSubset(of: known)
    }
}

extension MachineNames {
    /// The names as a certificate has them.
    var generalNames: [GeneralName] {
        hosts.map { .dnsName($0) }
            + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0.networkBytes[...])) }
    }
}

extension Certificate {
    /// The SHA-256 of the certificate as browsers show it: 32 bytes in hexadecimal with colons.
    var fingerprint: String {
        var serializer = DER.Serializer()
        // What was read or made can be written.
        guard (try? serializer.serialize(self)) != nil else { return "" }
        let digits = Array("0123456789ABCDEF")
        return SHA256.hash(data: serializer.serializedBytes)
            .map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }
            .joined(separator: ":")
    }
}
