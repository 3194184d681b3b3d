import Glibc
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

@testable import TURNServer

/// A certificate for 127.0.0.1 that nobody trusts and its key, made for these tests with
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500`.
struct TestCertificate {
    let certificate: String
    let key: String

    static let first = TestCertificate(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBlDCCATmgAwIBAgIUMVnCVls3ZHp1B94BN+jjGXdX0vYwCgYIKoZIzj0EAwIw
            EDEOMAwGA1UEAwwFZmlyc3QwIBcNMjYxMTI1MTM0OTA3WhgPMjEyNjExMDExMzQ5
            MDdaMBAxDjAMBgNVBAMMBWZpcnN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
            RiBCtF/sONDZ6qXiXLeZdMOrXj4b/64C6QaKoNU9niT34N4m4ilZIIWae1cPXu6t
            ysOSTaUaNpbLl1G0SuzReaNvMG0wHQYDVR0OBBYEFKXJhz82DxSGt9+1GdJxpo9+
            30zKMB8GA1UdIwQYMBaAFKXJhz82DxSGt9+1GdJxpo9+30zKMA8GA1UdEwEB/wQF
            MAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoGCCqGSM49BAMCA0kA
            MEYCIQCbisJDhfjYNgNvZo1heaECoI5I6S4ZU7tyteX63PjZ1gIhAJkNqyvneXLx
            6yRMR2sizidIVatt9456a7suVXLU6TtE
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgf/beWL1HCbnmWKIT
            d7y1huBJemcnZzGSOANdzoCwMMuhRANCAARGIEK0X+w40NnqpeJct5l0w6tePhv/
            rgLpBoqg1T2eJPfg3ibiKVkghZp7Vw9e7q3Kw5JNpRo2lsuXUbRK7NF5
            -----END PRIVATE KEY-----
            """
    )

    static let second = TestCertificate(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBlDCCATugAwIBAgIUcDRtVHkA/9emF7WQ/yt3Vgw+66EwCgYIKoZIzj0EAwIw
            ETEPMA0GA1UEAwwGc2Vjb25kMCAXDTI2MTEyNTEzNDkwN1oYDzIxMjYxMTAxMTM0
            OTA3WjARMQ8wDQYDVQQDDAZzZWNvbmQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
            AAQfApRB9MNbL8MuZAp+rJvUIGj845ojkZ2seAD/lCfXZr7w0M4JA3JERc9O0LKe
            bh1ZsDOzbVypozW/PgY4xnubo28wbTAdBgNVHQ4EFgQUrr+Bng8y9872FDLRyfZ/
            ZMTwqukwHwYDVR0jBBgwFoAUrr+Bng8y9872FDLRyfZ/ZMTwqukwDwYDVR0TAQH/
            BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwID
            RwAwRAIgbU/ZZIANJRkpnasJGFpLnyoIdtYESkkaBmi5iB/XN/ICICXD6hgR/ivx
            qlm1TdaPIG+mm5Yn0NYfmw2S2g0gnrG9
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvphdSRx9EHTaCNaM
            vjTcrPG17QsNrEF7OiCTgPglxiqhRANCAAQfApRB9MNbL8MuZAp+rJvUIGj845oj
            kZ2seAD/lCfXZr7w0M4JA3JERc9O0LKebh1ZsDOzbVypozW/PgY4xnub
            -----END PRIVATE KEY-----
            """
    )
}

/// A folder with a certificate and its key, deleted with the value.
final class TestCertificateFiles {
    let folder: String
    var certificateFile: String { folder + "/certificate.pem" }
    var privateKeyFile: String { folder + "/key.pem" }

    init(_ certificate: TestCertificate = .first) throws {
        var template = Array("/tmp/linkup-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSocket.Failure(call: "mkdtemp", errno: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try write(certificate.certificate, to: certificateFile)
        try write(certificate.key, to: privateKeyFile)
    }

    deinit {
        unlink(certificateFile)
        unlink(privateKeyFile)
        rmdir(folder)
    }

    func contexts() throws -> TLSContexts {
        try TLSContexts(
            certificateFile: certificateFile,
            privateKeyFile: privateKeyFile,
            logger: Logger(label: "test")
        )
    }

    /// Replaces a file as a whole, as those who renew certificates do.
    func write(_ text: String, to path: String) throws {
        let new = path + ".new"
        guard let file = fopen(new, "w") else { throw TestSocket.Failure(call: "fopen", errno: errno) }
        fputs(text + "\n", file)
        fclose(file)
        guard rename(new, path) == 0 else { throw TestSocket.Failure(call: "rename", errno: errno) }
    }
}

/// A client that speaks TLS and trusts one certificate.
final class TLSTestClient {
    struct Ended: Error {}

    /// Collects what comes, and tells what was agreed on.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        let negotiated: EventLoopPromise<String?>
        let bytes: AsyncStream<ByteBuffer>.Continuation

        init(_ negotiated: EventLoopPromise<String?>, _ bytes: AsyncStream<ByteBuffer>.Continuation) {
            self.negotiated = negotiated
            self.bytes = bytes
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.yield(unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted(let name) = event { negotiated.succeed(name) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            negotiated.fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            negotiated.fail(Ended())
            bytes.finish()
        }
    }

    let channel: any Channel
    /// What was agreed on by ALPN.
    let negotiated: String?
    private let stream: AsyncStream<ByteBuffer>
    private var received: [UInt8] = []

    init(
        port: Int,
        trusting certificate: TestCertificate = .first,
        offering protocols: [String] = [],
        version: TLSVersion? = nil
    ) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(certificate.certificate.utf8))
        )
        configuration.applicationProtocols = protocols
        configuration.minimumTLSVersion = version ?? .tlsv1
        configuration.maximumTLSVersion = version
        let context = try NIOSSLContext(configuration: configuration)
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: String?.self)
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            try NIOSSLClientHandler(context: context, serverHostname: nil),
                            Collector(promise, continuation),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: port)
                .get()
        } catch {
            promise.fail(error)
            throw error
        }
        self.stream = stream
        negotiated = try await promise.futureResult.get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// So many bytes, or fewer if the connection ends.
    func receive(exactly count: Int) async -> [UInt8] {
        while received.count < count {
            var iterator = stream.makeAsyncIterator()
            guard let more = await iterator.next() else { break }
            received += Array(more.readableBytesView)
        }
        defer { received.removeFirst(min(count, received.count)) }
        return Array(received.prefix(count))
    }
}
