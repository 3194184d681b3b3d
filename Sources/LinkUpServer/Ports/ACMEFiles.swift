import ACME
import Certificates
import Crypto
import FoundationEssentials
import Logging

/// The files of ACME in the data directory: the key of the account, and the certificate with its key.
///
/// Key and certificate are one file, so that no reader ever finds one without the other.
struct ACMEFiles: Sendable {
    private let folder: String

    /// The certificate, what leads from it to a root, and its key.
    var certificateFile: String { "\(folder)/acme.pem" }

    /// The key of the account.
    var accountFile: String { "\(folder)/acme-account.pem" }

    /// Names the files of a folder.
    init(folder: String) {
        self.folder = folder
    }

    /// Sees that there is a certificate to begin with: one that nobody has signed, where no authority has given one.
    /// - Parameters:
    ///   - names: What it has to be for.
    ///   - now: The time.
    /// - Returns: The certificate of an authority, if there is one for all these names. One for others is shown until
    ///   there is the right one.
    /// - Throws: ``StartupError`` when the file can't be read or written.
    func prepare(for names: [DomainName], at now: Date) throws(StartupError) -> KeyedCertificate? {
        do {
            try PrivateFile.makeFolder(folder)
            let found = try PrivateFile.read(certificateFile).flatMap { try? KeyedCertificate(pem: $0) }
            if let found, !found.isSelfSigned {
                return names.allSatisfy { found.names.contains($0.description) } ? found : nil
            }
            try store(SelfSignedCertificate(for: names, at: now).pem)
            return nil
        } catch {
            throw StartupError("\(error)")
        }
    }

    /// The key of the account; a new one where there is none, or none that can be used.
    /// - Throws: ``FileProblem`` when it can't be read, or a new one not be kept.
    func account(logger: Logger) throws(FileProblem) -> AccountKey {
        if let text = try PrivateFile.read(accountFile) {
            if let key = AccountKey(pem: text) { return key }
            logger.warning("The key of the ACME account is damaged: a new one", metadata: ["file": "\(accountFile)"])
        }
        let key = AccountKey(P256.Signing.PrivateKey())
        try PrivateFile.replace(accountFile, with: key.pem + "\n")
        return key
    }

    /// Replaces the certificate.
    /// - Parameter pem: The new one, with its key.
    /// - Throws: ``FileProblem`` when it can't be written; the old one is there then.
    func store(_ pem: String) throws(FileProblem) {
        try PrivateFile.replace(certificateFile, with: pem)
    }
}
