import FoundationEssentials
import Logging
import NIOSSL
import TURNServer

extension TURNServer.Configuration.TLS {
    /// Sees whether the files can be used, so that what is wrong with them is said in words.
    /// - Throws: ``OptionError``, which names the file.
    func check() throws(OptionError) {
        let chain = (try? NIOSSLCertificate.fromPEMFile(certificateFile)) ?? []
        guard !chain.isEmpty else {
            throw OptionError("\(certificateFile) has no certificate in PEM.", isInFile: true)
        }
        guard let key = try? NIOSSLPrivateKey(file: privateKeyFile, format: .pem) else {
            throw OptionError("\(privateKeyFile) has no private key in PEM, or one with a password.", isInFile: true)
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        guard (try? NIOSSLContext(configuration: configuration)) != nil else {
            throw OptionError(
                "The private key in \(privateKeyFile) is not that of the certificate in \(certificateFile).",
                isInFile: true
            )
        }
    }

    /// Says so where the certificate is over, or is about to be: browsers and TURN clients will not connect.
    func warnOfEnd(to logger: Logger, now: Date = Date()) {
        guard let end = (try? NIOSSLCertificate.fromPEMFile(certificateFile))?.first?.notValidAfter else { return }
        guard let warning = Self.warning(secondsLeft: Double(end) - now.timeIntervalSince1970) else { return }
        logger.warning("\(warning)", metadata: ["file": "\(certificateFile)"])
    }

    /// What is to be said of a certificate that is valid for so many seconds; `nil` when there is nothing.
    static func warning(secondsLeft: Double) -> String? {
        if secondsLeft <= 0 { return "The certificate has expired: browsers will not connect" }
        let day = 86_400.0
        return secondsLeft < 7 * day ? "The certificate expires in \(Int(secondsLeft / day)) days" : nil
    }
}
