import Locking
public import Logging
import NIOCore
import NIOSSL

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The certificate of a server, read again when its files change.
///
/// Connections keep the context that they began with, so that none is dropped for a new certificate. A file that cannot
/// be used changes nothing but the log: the old certificate stays.
public final class TLSContexts: Sendable {
    /// What TURN has registered for ALPN (RFC 7443 §4).
    ///
    /// Offered, never required: browsers do not send them.
    public static let turnProtocols = ["stun.turn", "stun.nat-discovery"]

    /// How often the files are looked at, at most.
    private static let checkInterval = TimeAmount.seconds(2)

    private struct State {
        var context: NIOSSLContext
        /// The files that the context was made of, or that could not be used.
        var version: [FileVersion]
        var nextCheck: NIODeadline
    }

    private let certificateFile: String
    private let privateKeyFile: String
    private let protocols: [String]
    private let logger: Logger
    private let state: Mutex<State>
    /// The certificates of challenges, by the name that is to be shown as this server's.
    let challenges = Mutex<[String: NIOSSLContext]>([:])

    /// Reads the files.
    /// - Parameters:
    ///   - certificateFile: The certificate and what leads from it to a root, in PEM.
    ///   - privateKeyFile: The private key, in PEM.
    ///   - protocols: What is agreed to when a client offers it by ALPN, the most wanted first; TURN's unless given.
    ///   - logger: Where new certificates and unusable files are noted.
    /// - Throws: `NIOSSLError` and others that say which file cannot be used.
    public init(
        certificateFile: String,
        privateKeyFile: String,
        protocols: [String] = TLSContexts.turnProtocols,
        logger: Logger
    ) throws {
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
        self.protocols = protocols
        self.logger = logger
        let version = [FileVersion(certificateFile), FileVersion(privateKeyFile)]
        let context = try Self.load(certificateFile, privateKeyFile, protocols)
        state = Mutex(State(context: context, version: version, nextCheck: .now() + Self.checkInterval))
    }

    /// Reads the files with the next connection, however short ago that was done and whether or not they seem to have
    /// changed: what kept them from being used need not have been in them.
    public func reload() {
        state.withLock { state in
            state.nextCheck = .uptimeNanoseconds(0)
            state.version = []
        }
    }

    /// What a connection that begins now is encrypted with.
    func context(at now: NIODeadline) -> NIOSSLContext {
        state.withLock { state in
            guard now >= state.nextCheck else { return state.context }
            state.nextCheck = now + Self.checkInterval
            let version = [FileVersion(certificateFile), FileVersion(privateKeyFile)]
            guard version != state.version else { return state.context }
            // An unusable pair is tried again when a file changes: the two are seldom replaced at once.
            state.version = version
            do {
                state.context = try Self.load(certificateFile, privateKeyFile, protocols)
                logger.info("The certificate has changed", metadata: ["file": "\(certificateFile)"])
            } catch {
                logger.error(
                    "The new certificate cannot be used, the old one stays",
                    metadata: ["certificate": "\(certificateFile)", "key": "\(privateKeyFile)", "error": "\(error)"]
                )
            }
            return state.context
        }
    }

    private static func load(
        _ certificateFile: String,
        _ privateKeyFile: String,
        _ protocols: [String]
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
        let key = try NIOSSLPrivateKey(file: privateKeyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        // RFC 8996: the older versions must not be used.
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        // Who does not answer the end of a connection in a second has gone; a server that stops should not wait for it.
        configuration.shutdownTimeout = .seconds(1)
        return try NIOSSLContext(configuration: configuration)
    }
}

/// What changes when a file is written or replaced.
private struct FileVersion: Equatable {
    var inode: UInt64 = 0
    var size: Int64 = 0
    var seconds: Int = 0
    var nanoseconds: Int = 0

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
        seconds = status.st_mtimespec.tv_sec
        nanoseconds = status.st_mtimespec.tv_nsec
        #else
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        #endif
    }
}
