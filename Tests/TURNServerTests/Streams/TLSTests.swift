import Logging
import NIOCore
import NIOSSL
import STUN
import TURN
import Testing

@testable import TURNServer

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private let files: TestCertificateFiles

    init() throws {
        files = try TestCertificateFiles()
    }

    /// Browsers offer nothing, other clients what RFC 7443 registers, and some what the server does not know.
    @Test(
        arguments: [
            ([], nil), (["stun.turn"], "stun.turn"), (["stun.nat-discovery"], "stun.nat-discovery"),
            (["h2", "stun.turn"], "stun.turn"), (["h2"], nil),
        ] as [([String], String?)]
    )
    func clientsOfEveryKind(offered: [String], agreed: String?) async throws {
        try await TestListeners.run(tls: files.contexts()) { test in
            let client = try await TLSTestClient(port: test.port, offering: offered)
            #expect(client.negotiated == agreed)
            try await client.send(bindingRequest())
            let connection = try await test.inbox.connected()
            #expect(connection.transport == .tls)
            #expect(try await test.inbox.receive(exactly: 20, from: connection).count == 20)
            connection.send(message(.successResponse, .binding))
            #expect(await client.receive(exactly: 20).count == 20)
            try await client.channel.close()
            #expect(try await test.inbox.received() == nil)
        }
    }

    @Test(arguments: [(TLSVersion.tlsv1, false), (.tlsv11, false), (.tlsv12, true), (.tlsv13, true)])
    func versions(version: TLSVersion, isAccepted: Bool) async throws {
        try await TestListeners.run(tls: files.contexts()) { test in
            let client = try? await TLSTestClient(port: test.port, version: version)
            #expect((client != nil) == isAccepted)
            try await client?.channel.close()
        }
    }

    /// The port for TLS serves those who speak plain TURN as well.
    @Test func plainClients() async throws {
        try await TestListeners.run(tls: files.contexts()) { test in
            let socket = try test.connect()
            // One byte tells, and is not lost.
            try socket.send([0x00])
            let connection = try await test.inbox.connected()
            #expect(connection.transport == .tcp)
            let request = bindingRequest()
            try socket.send(Array(request[1...]))
            #expect(try await test.inbox.receive(exactly: 20, from: connection) == request)
        }
    }

    @Test(
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x40, 0x00, 0x00, 0x00], [0x04], [0xFF],
            [0x16, 0x03, 0x01, 0x00, 0x05, 0x02, 0x00, 0x00, 0x01, 0x00],
        ] as [[UInt8]]
    )
    func garbage(bytes: [UInt8]) async throws {
        try await TestListeners.run(tls: files.contexts()) { test in
            let socket = try test.connect()
            try socket.send(bytes)
            while try !socket.receive().isEmpty {}
        }
    }

    @Test(arguments: [[], [0x16, 0x03, 0x01]] as [[UInt8]])
    func handshakesHaveToEnd(beginning: [UInt8]) async throws {
        var limits = StreamLimits()
        limits.handshakeTimeout = .milliseconds(50)
        try await TestListeners.run(limits, tls: files.contexts()) { test in
            let socket = try test.connect()
            if !beginning.isEmpty { try socket.send(beginning) }
            #expect(try socket.receive().isEmpty)
        }
    }

    /// A handshake that has ended and says nothing is no better than one that has not.
    @Test func encryptedSilenceEnds() async throws {
        var limits = StreamLimits()
        limits.handshakeTimeout = .milliseconds(500)
        try await TestListeners.run(limits, tls: files.contexts()) { test in
            let client = try await TLSTestClient(port: test.port)
            #expect(await client.receive(exactly: 1).isEmpty)
        }
    }

    @Test func aNewCertificateIsForNewConnections() async throws {
        let contexts = try files.contexts()
        try await TestListeners.run(tls: contexts) { test in
            let old = try await TLSTestClient(port: test.port)
            try await old.send(bindingRequest())
            let connection = try await test.inbox.connected()
            try files.write(TestCertificate.second.certificate, to: files.certificateFile)
            // A certificate whose key is to come cannot be used: the old pair stays.
            contexts.reload()
            try await (TLSTestClient(port: test.port)).channel.close()
            try files.write(TestCertificate.second.key, to: files.privateKeyFile)
            contexts.reload()
            try await (TLSTestClient(port: test.port, trusting: .second)).channel.close()
            await #expect(throws: (any Error).self) { try await TLSTestClient(port: test.port, trusting: .first) }
            // A broken file changes nothing.
            try files.write("-----BEGIN CERTIFICATE-----", to: files.certificateFile)
            contexts.reload()
            try await (TLSTestClient(port: test.port, trusting: .second)).channel.close()
            // The first connection has lived through all that.
            #expect(try await test.inbox.receive(exactly: 20, from: connection).count == 20)
            connection.send(message(.successResponse, .binding))
            #expect(await old.receive(exactly: 20).count == 20)
        }
    }

    /// A file that could not be used may be usable now without having changed: its folder had other permissions.
    @Test func filesAreReadWhenAsked() throws {
        let contexts = try files.contexts()
        let now = NIODeadline.now()
        let first = contexts.context(at: now + .seconds(10))
        #expect(contexts.context(at: now + .seconds(20)) === first)
        contexts.reload()
        let second = contexts.context(at: now + .seconds(20))
        #expect(second !== first)
        #expect(contexts.context(at: now + .seconds(30)) === second)
    }

    @Test func unusableFilesAreErrors() throws {
        #expect(throws: (any Error).self) {
            try TLSContexts(
                certificateFile: "/nonexistent",
                privateKeyFile: files.privateKeyFile,
                logger: .init(label: "test")
            )
        }
        try files.write(TestCertificate.second.key, to: files.privateKeyFile)
        #expect(throws: (any Error).self) { try files.contexts() }
    }

    @Test func everythingSentLeavesBeforeTheEnd() async throws {
        try await TestListeners.run(tls: files.contexts()) { test in
            let client = try await TLSTestClient(port: test.port, offering: ["stun.turn"])
            let connection = try await test.inbox.connected()
            connection.send(ByteBuffer(bytes: [UInt8](repeating: 1, count: 200_000)))
            connection.close()
            #expect(await client.receive(exactly: 200_001).count == 200_000)
        }
    }
}
