import Crypto
import FoundationEssentials
import Networking
import SwiftASN1
import X509

/// A root of this installation's own, which signs what its server shows.
///
/// A person who trusts it once goes on trusting the server when its addresses change and its certificate is renewed. It
/// can vouch for nothing but this machine's names and addresses of private networks (RFC 5280 §4.2.1.10), so that a
/// stolen key is of no use against other sites.
struct LocalAuthority: Sendable {
    /// How long a root is valid.
    static let lifetime: TimeInterval = 3650 * 86_400
    /// How far clocks of others may be behind.
    static let margin: TimeInterval = 86_400

    /// Addresses that any network of one's own may have: private and link-local ones, those behind a provider's NAT, and
    /// the machine itself (RFC 1918, 3927, 6598, 4193, 4291).
    private static let privateRanges: [AddressRange] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    ]

    /// The root.
    let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// Makes a root.
    /// - Parameters:
    ///   - names: What it may vouch for, beside private addresses.
    ///   - now: The time.
    /// - Throws: When the time is none that a certificate can have.
    init(for names: MachineNames, at now: Date) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName {
            OrganizationName("LinkUp")
            CommonName("LinkUp on \(names.hosts.last ?? "localhost")")
        }
        let ranges =
            Self.privateRanges
            + names.addresses.compactMap { AddressRange($0, prefixLength: $0.family == .ipv4 ? 32 : 128) }
        let constraints = NameConstraints(
            permittedDNSDomains: names.hosts,
            permittedIPRanges: ranges.map { ASN1OctetString(contentBytes: $0.bytesAndMask[...]) }
        )
        certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.margin),
            notValidAfter: now.addingTimeInterval(Self.lifetime),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                Critical(constraints)
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key
        )
        self.key = key
    }

    /// Reads a root and its key; `nil` for anything but what ``pem()`` has written.
    init?(pem: String) {
        guard let root = ServerCertificate(pem: pem) else { return nil }
        certificate = root.certificate
        key = root.key
    }

    /// The root and its key in one text.
    func pem() throws -> String {
        try ServerCertificate(certificate, key: key).pem()
    }

    /// Whether the root can vouch for all these names at this time, for as long as a certificate lasts.
    func isUsable(for names: MachineNames, at now: Date) -> Bool {
        // A clock that is behind is put right some day; the root that people trust stays.
        guard now.addingTimeInterval(ServerCertificate.lifetime) < certificate.notValidAfter,
            let constraints = (try? certificate.extensions.nameConstraints).flatMap({ $0 })
        else { return false }
        let domains = Set(constraints.permittedDNSDomains)
        let ranges = constraints.permittedIPRanges.map { Array($0.bytes) }
        return names.hosts.allSatisfy { domains.contains($0) }
            && names.addresses.allSatisfy { address in ranges.contains { address.isIn($0) } }
    }

    /// Whether a certificate is from this root.
    func hasSigned(_ other: Certificate) -> Bool {
        certificate.publicKey.isValidSignature(other.signature, for: other)
    }

    /// Makes a certificate for a server.
    /// - Parameters:
    ///   - names: What it is for.
    ///   - now: The time.
    /// - Returns: The certificate and its key.
    /// - Throws: When the time is none that a certificate can have.
    func issue(for names: MachineNames, at now: Date) throws -> ServerCertificate {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.margin),
            notValidAfter: now.addingTimeInterval(ServerCertificate.lifetime),
            issuer: self.certificate.subject,
            subject: DistinguishedName {
                OrganizationName("LinkUp")
            },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names.generalNames)
                SubjectKeyIdentifier(hash: key.publicKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: self.certificate.publicKey).keyIdentifier
                )
            },
            issuerPrivateKey: self.key
        )
        return ServerCertificate(certificate, key: key)
    }
}

extension AddressRange {
    /// The first address, and the bits that all share (RFC 5280 §4.2.1.10).
    fileprivate var bytesAndMask: [UInt8] {
        let bytes = base.networkBytes
        let mask = bytes.indices.map { index in
            UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, prefixLength - 8 * index)))
        }
        return bytes + mask
    }
}

extension IPAddress {
    /// Whether an address is in a range that ``AddressRange/bytesAndMask`` has written.
    fileprivate func isIn(_ range: [UInt8]) -> Bool {
        let bytes = networkBytes
        guard range.count == 2 * bytes.count else { return false }
        return bytes.indices.allSatisfy { index in
            let mask = range[bytes.count + index]
            return bytes[index] & mask == range[index] & mask
        }
    }
}
