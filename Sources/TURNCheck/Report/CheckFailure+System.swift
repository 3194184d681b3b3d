import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension CheckFailure {
    /// Says what an error of a socket, of TLS or of the framing means.
    init(_ error: any Error, over transport: Transport) {
        switch error {
        case let failure as CheckFailure: self = failure
        case let error as IOError: self.init(error)
        case let error as NIOConnectionError: self = Self.cause(of: error, over: transport)
        case ChannelError.connectTimeout: self = .noAnswer
        case is ChannelError: self = .closed
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(tls: "\(error)")
        default: self = .system("\(error)")
        }
    }

    private static func cause(of error: NIOConnectionError, over transport: Transport) -> CheckFailure {
        guard let first = error.connectionErrors.first else { return .noAnswer }
        return CheckFailure(first.error, over: transport)
    }

    private init(_ error: IOError) {
        switch error.errnoCode {
        case ECONNREFUSED: self = .nothingListens
        case ETIMEDOUT: self = .noAnswer
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, ENETDOWN:
            self = .unreachable(String(cString: strerror(error.errnoCode)))
        case ECONNRESET, EPIPE: self = .closed
        default: self = .system(String(cString: strerror(error.errnoCode)))
        }
    }

    /// BoringSSL has no better way to tell than the name of its error.
    private init(tls description: String) {
        let has = { (word: String) in description.contains(word) }
        if !has("ALERT"), has("CERTIFICATE") || has("Certificate") || has("failedToValidateHostname") {
            self = .certificate
        } else if has("WRONG_VERSION_NUMBER") || has("HTTP_REQUEST") || has("UNEXPECTED_MESSAGE") || has("INVALID_") {
            self = .notTLS
        } else if has("uncleanShutdown") || has("EOF") {
            self = .closed
        } else {
            let name = description.split(separator: ":").first { $0.contains("_") && $0 == $0.uppercased() }
            self = .tls(name.map(String.init) ?? "the handshake failed")
        }
    }
}
