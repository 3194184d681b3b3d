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
}
