import EngineIO
import NIOCore
import NIOEmbedded
import Testing

@testable import EngineIOTransport

@Suite struct WebSocketTests {
    /// The second agent's name is more than the short way understands.
    @Test func aHandshakeIsAnsweredAlikeOnTheShortWayAndOverHTTP() throws {
        let configuration = EngineConfiguration(cors: CORSPolicy(origins: .any))
        var answers: [String] = []
        for (agent, reads) in [("a", 1), ("a", 2), ("a", 3), ("\tä", 1), ("\tä", 2)] {
            let headers = ["Origin: http://example.org", "User-Agent: \(agent)"]
            let client = try TestClient(configuration, headers: headers, reads: reads)
            answers.append(String(buffer: client.response).head)
            let handshake = client.session.handshake
            #expect(handshake.target == "/engine.io/?EIO=4&transport=websocket")
            #expect(handshake.queryValue("transport") == "websocket")
            #expect(handshake.headers.map(\.name).suffix(2) == ["Origin", "User-Agent"])
            #expect(handshake.remoteAddress == "192.0.2.1")
            #expect(throws: (any Error).self) {
                try client.channel.pipeline.syncOperations.handler(type: EngineHTTPHandler.self)
            }
        }
        #expect(answers[0].hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(Set(answers).count == 1)
    }

    @Test func smallFramesOfATurnLeaveTogetherAndLargeOnesAsTheyAre() throws {
        let client = try TestClient()
        let sizes = [10, 20, 5000, 30, 40, 5000]
        for size in sizes { client.session.send(.binary(ByteBuffer(repeating: UInt8(size & 0xff), count: size))) }
        client.turn()
        let writes = try client.received()
        #expect(writes.map(\.readableBytes) == [34, 5004, 74, 5004])
        var all = ByteBuffer()
        for var write in writes { all.writeBuffer(&write) }
        for size in sizes {
            let frame = EncodedMessage.binary(ByteBuffer(repeating: UInt8(size & 0xff), count: size)).frame
            #expect(all.readSlice(length: frame.readableBytes) == frame)
        }
    }

    @Test func manySmallFramesLeaveInWritesOfSixteenKilobytes() throws {
        let client = try TestClient()
        for _ in 0..<1000 { client.session.send(.binary(ByteBuffer(repeating: 1, count: 98))) }
        client.turn()
        let sizes = try client.received().map(\.readableBytes)
        #expect(sizes.reduce(0, +) == 100_000)
        #expect(sizes.allSatisfy { $0 < 17_000 })
        #expect(sizes.count == 7)
    }

    @Test(arguments: [false, true]) func anAnswerLeavesWithItsReadAndTheRestAtTheEndOfTheTurn(isForOthers: Bool) throws
    {
        let client = try TestClient()
        let other = try TestClient(of: client)
        client.application.onMessage {
            client.session.send(.text("a"))
            if isForOthers { other.session.send(.text("b")) }
        }
        try client.channel.writeInbound(ByteBuffer(bytes: [0x81, 0x82, 0, 0, 0, 0] + "4x".utf8))
        let answer: [[UInt8]] = [[0x81, 2, UInt8(ascii: "4"), UInt8(ascii: "a")]]
        #expect(try client.received().map { Array(buffer: $0) } == (isForOthers ? [] : answer))
        #expect(try other.received().isEmpty)
        client.turn()
        #expect(try client.received().map { Array(buffer: $0) } == (isForOthers ? answer : []))
        #expect(try other.received().count == (isForOthers ? 1 : 0))
    }

    @Test func everyPingIsAnsweredWhileTheClientReads() throws {
        let client = try TestClient()
        for byte in UInt8(1)...3 { try client.send(0x89, ByteBuffer(bytes: [byte])) }
        #expect(try client.received().map { Array(buffer: $0) } == [[0x8a, 1, 1], [0x8a, 1, 2], [0x8a, 1, 3]])
    }

    @Test func onlyTheLastPingIsAnsweredToAClientThatDoesNotRead() throws {
        let client = try TestClient()
        client.stopReading()
        for byte in UInt8(1)...3 { try client.send(0x89, ByteBuffer(bytes: [byte])) }
        #expect(client.session.bufferedPackets == 0)
        client.resumeReading()
        #expect(try client.received().map { Array(buffer: $0) } == [[0x8a, 1, 3]])
    }

    @Test func whatFollowsAViolationIsIgnored() throws {
        let client = try TestClient()
        try client.channel.writeInbound(
            ByteBuffer(bytes: [0x83, 0x80, 0, 0, 0, 0, 0x81, 0x82, 0, 0, 0, 0, 0x34, 0x61])
        )
        client.turn()
        #expect(client.application.messages.isEmpty)
        #expect(client.application.closeReasons == [.transportError])
        #expect(try client.received().map { Array(buffer: $0) } == [[0x88, 2, 0x03, 0xea]])
        // Its end of the connection is closed; the embedded channel knows no other end.
        #expect(!client.channel.isActive)
    }

    // MARK: The end

    /// What comes after the server's close frame, and whether it ends the connection.
    @Test(
        arguments: [
            ([], false), ([0x88, 0x80, 0, 0, 0, 0], true),
            // Messages that were on their way, and a broken frame.
            ([0x81, 0x81, 0, 0, 0, 0, 0x34], false), ([0x89, 0x80, 0, 0, 0, 0], false),
            ([0x83, 0x80, 0, 0, 0, 0], false),
            ([0x81, 0x81, 0, 0, 0, 0, 0x34, 0x88, 0x80, 0, 0, 0, 0], true), ([0x88, 0x80, 0], false),
        ] as [([UInt8], Bool)]
    )
    func theServerWaitsForTheClientsCloseFrame(bytes: [UInt8], closes: Bool) throws {
        let client = try TestClient()
        client.session.send(.text("last"))
        client.session.close()
        client.turn()
        #expect(try client.received().map(\.readableBytes) == [7, 2])
        if !bytes.isEmpty { try client.channel.writeInbound(ByteBuffer(bytes: bytes)) }
        client.turn()
        #expect(client.channel.isActive == !closes)
        #expect(client.application.messages.isEmpty)
        client.advance(by: .milliseconds(999))
        #expect(client.channel.isActive == !closes)
        client.advance(by: .milliseconds(1))
        #expect(!client.channel.isActive)
        #expect(try client.received().isEmpty)
    }

    /// The close frame of a client that sends it with other messages, before or after the server's.
    @Test(arguments: [
        (0xe8, 0xe8, EngineCloseReason.transportClose), (0xe9, 0xe9, .goingAway), (0xea, 0xe8, .transportClose),
    ])
    func aClientThatClosesIsAnsweredAndLeft(code: UInt8, answer: UInt8, reason: EngineCloseReason) throws {
        let client = try TestClient()
        try client.channel.writeInbound(
            ByteBuffer(bytes: [0x88, 0x82, 0, 0, 0, 0, 0x03, code, 0x81, 0x81, 0, 0, 0, 0, 0x34])
        )
        client.turn()
        #expect(client.application.messages.isEmpty)
        #expect(client.application.closeReasons == [reason])
        #expect(try client.received().map { Array(buffer: $0) } == [[0x88, 2, 0x03, answer]])
        #expect(!client.channel.isActive)
    }

    @Test func theEndOfTheServerIsShorterThanTheTimeOfAClient() throws {
        let client = try TestClient()
        client.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        client.turn()
        #expect(try client.received().map { Array(buffer: $0) } == [[0x88, 0]])
        #expect(client.channel.isActive)
        client.advance(by: .seconds(1))
        #expect(!client.channel.isActive)
    }

    // MARK: permessage-deflate

    private func compressing(
        _ configuration: PerMessageDeflate = .init(),
        maxPayload: Int = 1_000_000
    ) throws -> TestClient {
        try TestClient(
            EngineConfiguration(maxPayload: maxPayload, perMessageDeflate: configuration),
            headers: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]
        )
    }

    private let text = EncodedMessage.text(String(repeating: "a", count: 2000))

    @Test(arguments: [1, 2]) func compressionIsAgreedOn(reads: Int) throws {
        let client = try TestClient(
            EngineConfiguration(perMessageDeflate: .init()),
            headers: ["Sec-WebSocket-Extensions: permessage-deflate"],
            reads: reads
        )
        let agreement = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(String(buffer: client.response).contains("\r\nSec-WebSocket-Extensions: \(agreement)\r\n"))
    }

    @Test func nothingIsCompressedUnlessBothSidesWantIt() throws {
        let offer = "Sec-WebSocket-Extensions: permessage-deflate"
        for client in [
            try TestClient(headers: [offer]), try TestClient(EngineConfiguration(perMessageDeflate: .init())),
        ] {
            #expect(!String(buffer: client.response).contains("Sec-WebSocket-Extensions"))
            client.session.send(text)
            client.turn()
            #expect(try client.received() == [text.frame])
            try client.send(0xc1, ByteBuffer(bytes: [0x34]))
            #expect(client.application.closeReasons == [.transportError])
        }
    }

    @Test func messagesFromTheThresholdOnAreCompressed() throws {
        let client = try compressing(.init(threshold: 2001))
        client.session.send(.text(String(repeating: "a", count: 1999)))
        client.session.send(text)
        var incompressible = text
        incompressible.isCompressible = false
        client.session.send(incompressible)
        client.turn()
        var writes = try client.received().reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
        let small = writes.readSlice(length: 2004)
        #expect(small.map { Array(buffer: $0).first } == 0x81)
        let found = writes.readSlice(length: writes.readableBytes - 2005)
        let compressed = try #require(found)
        #expect(Array(buffer: compressed).first == 0xc1)
        #expect(compressed.readableBytes < 50)
        #expect(writes == text.frame)
        let message = try MessageDecompressor(keepsContext: false)
            .decompress(
                compressed.getSlice(at: compressed.readerIndex + 2, length: compressed.readableBytes - 2) ?? .init(),
                limit: 3000
            )
        #expect(message == text.packet)
    }

    @Test(arguments: [true, false]) func compressedMessagesAreRead(keepsContext: Bool) throws {
        let client = try compressing(.init(clientContextTakeover: keepsContext))
        let compressor = MessageCompressor(.init(), windowBits: 15, keepsContext: keepsContext)
        for _ in 0..<3 { try client.send(0xc1, compressor.compress(text.packet)) }
        try client.send(0xc2, compressor.compress(ByteBuffer(bytes: [1, 2])))
        #expect(
            client.application.messages
                == Array(repeating: .text(text.payload), count: 3) + [.binary(ByteBuffer(bytes: [1, 2]))]
        )
    }

    @Test(
        arguments: [
            (ByteBuffer(string: "not deflate"), EngineCloseReason.transportError, [0x03, 0xef]),
            (deflated(ByteBuffer(bytes: [0x34, 0xff])), .transportError, [0x03, 0xef]),
            (deflated(ByteBuffer(repeating: 0x34, count: 1000)), nil, []),
            (deflated(ByteBuffer(repeating: 0x34, count: 1001)), .payloadTooLarge, [0x03, 0xf1]),
            (deflated(ByteBuffer(repeating: 0x34, count: 50_000)), .payloadTooLarge, [0x03, 0xf1]),
        ] as [(ByteBuffer, EngineCloseReason?, [UInt8])]
    )
    func whatDoesNotInflateToAMessageClosesTheConnection(
        payload: ByteBuffer,
        reason: EngineCloseReason?,
        code: [UInt8]
    ) throws {
        let client = try compressing(maxPayload: 1000)
        try client.send(0xc1, payload)
        #expect(client.application.closeReasons == (reason.map { [$0] } ?? []))
        #expect(try client.received().map { Array(buffer: $0) } == (reason == nil ? [] : [[0x88, 2] + code]))
    }

    private static func deflated(_ bytes: ByteBuffer) -> ByteBuffer {
        MessageCompressor(.init(), windowBits: 15, keepsContext: false).compress(bytes)
    }
}

extension String {
    /// What stands before the body.
    fileprivate var head: String {
        firstRange(of: "\r\n\r\n").map { String(self[..<$0.upperBound]) } ?? self
    }
}
