public import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A certificate with its chain and its key, in one PEM text, so that neither is ever there without the other.
public struct KeyedCertificate: Equatable, Sendable {
    /// Why a text is no such thing.
    public enum Problem: Error, Equatable {
        case noPEM
        case noKey
        case noCertificate
        case tooManyCertificates
        /// The key is of another certificate.
        case otherKey
        /// The certificate is not for this name.
        case missingName(String)
        /// It ends before it begins.
        case emptyLife
    }

    /// The most certificates of a chain.
    public static let maximumChainLength = 10

    /// The key first, then the certificate and what leads from it to a root.
    public let pem: String
    /// What the certificate is for, in lower case.
    public let names: Set<String>
    /// From when to when it is good.
    public let validity: Validity
    /// Whether nobody but its own key has signed it.
    public let isSelfSigned: Bool

    /// Reads a text with key and chain, as ``pem`` has it.
    /// - Throws: ``Problem``.
    public init(pem: String) throws(Problem) {
        let documents = try Self.documents(pem)
        guard let text = documents.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") })?.pemString,
            let key = try? P256.Signing.PrivateKey(pemRepresentation: text)
        else { throw .noKey }
        try self.init(documents, key: key)
    }

    /// Takes a chain that came from a certificate authority, if it is the one that was asked for.
    /// - Parameters:
    ///   - chain: PEM, the certificate first.
    ///   - key: The key of the request.
    ///   - names: What it has to be for.
    /// - Throws: ``Problem``.
    public init(chain: [UInt8], key: P256.Signing.PrivateKey, names: [DomainName]) throws(Problem) {
        try self.init(Self.documents(String(decoding: chain, as: UTF8.self)), key: key)
        for name in names where !self.names.contains(name.description) { throw .missingName(name.description) }
    }

    private init(_ documents: [PEMDocument], key: P256.Signing.PrivateKey) throws(Problem) {
        let chain = documents.filter { $0.discriminator == "CERTIFICATE" }
        guard chain.count <= Self.maximumChainLength else { throw .tooManyCertificates }
        let certificates = chain.compactMap { try? Certificate(pemDocument: $0) }
        guard let first = certificates.first, certificates.count == chain.count else { throw .noCertificate }
        guard first.publicKey == Certificate.PublicKey(key.publicKey) else { throw .otherKey }
        validity = Validity(from: first.notValidBefore, to: first.notValidAfter)
        guard validity.life > 0 else { throw .emptyLife }
        names = Self.names(of: first)
        isSelfSigned = first.issuer == first.subject
        pem = ([key.pemRepresentation] + chain.map(\.pemString)).map { $0 + "\n" }.joined()
    }

    private static func documents(_ text: String) throws(Problem) -> [PEMDocument] {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text) else { throw .noPEM }
        return documents
    }

    private static func names(of certificate: Certificate) -> Set<String> {
        let names = (try? certificate.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames([])
        return Set(
            names.compactMap { name in
                if case .dnsName(let text) = name { text.lowercased() } else { nil }
            }
        )
    }
}

/// From when to when a certificate is good.
public struct Validity: Equatable, Sendable {
    /// The first moment.
    public var from: Date
    /// The last moment.
    public var to: Date

    /// Makes a time of validity.
    public init(from: Date, to: Date) {
        self.from = from
        self.to = to
    }

    /// Its length in seconds.
    public var life: Double { to.timeIntervalSince(from) }
}
