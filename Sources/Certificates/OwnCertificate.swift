package import FoundationEssentials
import SwiftASN1
import X509

/// The certificate that LinkUp makes itself: made at the first start, kept in the data directory, renewed in time and
/// when the machine has another name or address.
package struct OwnCertificate: Sendable {
    /// What the folder holds now.
    package struct Kept: Sendable {
        /// The SHA-256 of what the server shows, as browsers show it.
        package var fingerprint: String { server.fingerprint }
        /// Whether it was made just now.
        package var isNew: Bool
        /// Whether the root was, so that nobody trusts it yet.
        package var hasNewRoot: Bool

        var server: ServerCertificate
    }

    /// The root, for whoever wants to trust it.
    package let rootFile: String
    /// What the server shows, and its key.
    package let serverFile: String

    /// The root and its key.
    let authorityFile: String

    private let folder: String

    /// Names the files of a folder.
    package init(folder: String) {
        self.folder = folder
        rootFile = "\(folder)/root.crt"
        authorityFile = "\(folder)/root.pem"
        serverFile = "\(folder)/server.pem"
    }

    /// Sees to it that there is a certificate that can be used, and makes what is missing, damaged, about to end or for
    /// other names.
    /// - Parameters:
    ///   - names: What it has to be for.
    ///   - now: The time.
    /// - Returns: What there is now.
    /// - Throws: ``FileProblem`` when a file can't be read or written, or the clock is beyond what certificates know.
    package func keep(for names: MachineNames, at now: Date) throws(FileProblem) -> Kept {
        try PrivateFile.makeFolder(folder)
        let known = try PrivateFile.read(authorityFile).flatMap { LocalAuthority(pem: $0) }
        let authority: LocalAuthority
        let isUsable = known?.isUsable(for: names, at: now) ?? false
        if let known, isUsable {
            authority = known
        } else {
            authority = try make { try LocalAuthority(for: names, at: now) }
            try PrivateFile.replace(authorityFile, with: make { try authority.pem() })
        }
        let root = try make { try authority.certificate.serializeAsPEM().pemString + "\n" }
        if try PrivateFile.read(rootFile) != root { try PrivateFile.replace(rootFile, with: root) }
        if let server = try PrivateFile.read(serverFile).flatMap({ ServerCertificate(pem: $0) }),
            !server.isDue(at: now, for: names, from: authority)
        {
            return Kept(isNew: false, hasNewRoot: false, server: server)
        }
        let server = try make { try authority.issue(for: names, at: now) }
        try PrivateFile.replace(serverFile, with: make { try server.pem() })
        return Kept(isNew: true, hasNewRoot: !isUsable, server: server)
    }

    private func make<Made>(_ body: () throws -> Made) throws(FileProblem) -> Made {
        do {
            return try body()
        } catch {
            throw FileProblem("cannot make a certificate (is the clock right?): \(error)")
        }
    }
}
