public import ACME
import AsyncHTTPClient
public import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Sends requests to a certificate authority.
public struct ACMEConnection: Sendable {
    /// How long a request may take, body and all.
    private static let timeout = TimeAmount.seconds(30)

    private let client: HTTPClient

    /// Makes a connection; ``close()`` ends it.
    /// - Parameter rootFile: A file with roots that are trusted besides the system's.
    public init(rootFile: String?) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let rootFile { tls.additionalTrustRoots = [.file(rootFile)] }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            // What is signed is for one address.
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: .seconds(10), read: Self.timeout)
        )
        configuration.httpVersion = .http1Only
        // The renewal tries again, and tells why.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }

    /// Closes what is open.
    public func close() async {
        try? await client.shutdown()
    }

    /// Sends a request.
    /// - Returns: The answer; its body is cut off one byte behind what is looked at.
    /// - Throws: Whatever keeps an answer from coming; see ``reason(_:at:)``.
    public func send(_ request: ACMERequest) async throws -> ACMEResponse {
        var message = HTTPClientRequest(url: request.url)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        // RFC 8555 §6.1 wants to know who asks.
        message.headers.add(name: "User-Agent", value: "LinkUp (ACME)")
        if request.method == .post {
            message.headers.add(name: "Content-Type", value: ACMERequest.contentType)
            message.body = .bytes(ByteBuffer(bytes: request.body))
        }
        let answer = try await client.execute(message, timeout: Self.timeout)
        var body = ByteBuffer()
        for try await var part in answer.body {
            body.writeBuffer(&part)
            if body.readableBytes > ACMEResponse.maximumBodyLength { break }
        }
        return ACMEResponse(
            status: Int(answer.status.code),
            nonce: answer.headers.first(name: "Replay-Nonce"),
            location: answer.headers.first(name: "Location"),
            retryAfter: answer.headers.first(name: "Retry-After"),
            date: answer.headers.first(name: "Date"),
            body: Array(body.readableBytesView.prefix(ACMEResponse.maximumBodyLength + 1))
        )
    }

    /// Why no answer came, in words.
    public static func reason(_ error: any Error, at now: Date = Date()) -> String {
        switch error {
        case let error as HTTPClientError: return error.shortDescription
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            guard let last = error.connectionErrors.last else {
                return "there is no address of \(error.host) in the DNS"
            }
            return "\(error.host): \(reason(last.error, at: now))"
        default:
            let text = "\(error)"
            guard text.contains("CERTIFICATE_VERIFY_FAILED") else { return text }
            let date = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down)).formatted(.iso8601)
            return
                "its certificate is not trusted here: the roots of this system are missing or old (ca-certificates), "
                + "--acme-root is needed, or the clock of this machine is wrong (\(date))"
        }
    }
}
