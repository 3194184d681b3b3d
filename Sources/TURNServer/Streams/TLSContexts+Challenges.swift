import Locking
import NIOCore
import NIOSSL

extension TLSContexts {
    /// What a certificate authority offers by ALPN when it looks for a challenge's certificate (RFC 8737 §6.2).
    static let challengeProtocol = "acme-tls/1"

    /// Shows a certificate to whoever asks for a name by the protocol of TLS-ALPN-01 (RFC 8737), beside the one for all
    /// others.
    /// - Parameters:
    ///   - name: The name, in lower case.
    ///   - pem: The certificate and its key.
    /// - Throws: `NIOSSLError` if they can't be used.
    public func answerChallenge(for name: String, with pem: String) throws {
        let bytes = Array(pem.utf8)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(bytes).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: bytes, format: .pem))
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [Self.challengeProtocol]
        let context = try NIOSSLContext(configuration: configuration)
        challenges.withLock { $0[name] = context }
    }

    /// Shows no such certificate any more.
    public func endChallenges() {
        challenges.withLock { $0 = [:] }
    }

    /// What a connection is encrypted with.
    enum Choice {
        case context(NIOSSLContext)
        /// Nobody knows before there are so many bytes.
        case unknown(needed: Int)
    }

    /// What a connection that begins with these bytes is encrypted with.
    func choice(for bytes: ByteBufferView, at now: NIODeadline) -> Choice {
        // Seldom: nobody waits for more than the first byte otherwise.
        let contexts = challenges.withLock { $0 }
        guard !contexts.isEmpty else { return .context(context(at: now)) }
        switch ClientHello.read(bytes) {
        case .incomplete(let needed) where needed <= 2 * ClientHello.maximumLength: return .unknown(needed: needed)
        case .whole(let hello) where hello.protocols == [Self.challengeProtocol]:
            return .context(hello.serverName.flatMap { contexts[$0] } ?? context(at: now))
        case .incomplete, .other, .whole: return .context(context(at: now))
        }
    }
}
