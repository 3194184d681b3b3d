#if DEBUG

import EngineIO
import NIOCore
import Testing

@testable import EngineIOTransport

/// What of a connection is for its loop alone ends a debug build that touches it elsewhere.
@Suite struct LoopCheckTests {
    enum Member: String, CaseIterable, Codable, Sendable {
        case transport, isWritable, bufferedBytes, bufferedPackets, send, close, closeWithReason

        func use(_ connection: any EngineConnection) {
            switch self {
            case .transport: _ = connection.transport
            case .isWritable: _ = connection.isWritable
            case .bufferedBytes: _ = connection.bufferedBytes
            case .bufferedPackets: _ = connection.bufferedPackets
            case .send: connection.send(.binary(ByteBuffer()))
            case .close: connection.close()
            case .closeWithReason: connection.close(.rateLimited)
            }
        }
    }

    static func connect() async throws -> (HTTPTestClient, any EngineConnection) {
        let server = TestServer()
        let client = try await server.connect()
        try await client.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
        _ = try await client.response()
        return (client, try #require(server.application.connection))
    }

    @Test(arguments: Member.allCases)
    func elsewhereItEndsTheProcess(member: Member) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [member = member as Member] in
            let (_, connection) = try await LoopCheckTests.connect()
            member.use(connection)
        }
        let error = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(error.contains("this is for the connection's loop"))
    }

    @Test(arguments: Member.allCases)
    func onTheLoopItIsFine(member: Member) async throws {
        let (client, connection) = try await LoopCheckTests.connect()
        try await client.inLoop { member.use(connection) }
    }

    @Test func whatDoesNotChangeMayBeReadFromAnywhere() async throws {
        let (_, connection) = try await LoopCheckTests.connect()
        #expect(connection.id.utf8.count == 20)
        #expect(connection.protocolVersion == .v4)
        #expect(connection.handshake.remoteAddress == "192.0.2.1")
        #expect(!connection.loop.isCurrent)
    }
}

#endif
