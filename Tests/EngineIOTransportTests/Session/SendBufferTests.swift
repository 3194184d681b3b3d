import EngineIO
import NIOCore
import NIOEmbedded
import Testing

@testable import EngineIOTransport

/// What waits for a client to take it, and what becomes of a client that takes nothing.
@Suite struct SendBufferTests {
    /// A message of `size` bytes on the wire of a WebSocket.
    private func message(_ size: Int) -> EncodedMessage {
        .binary(ByteBuffer(repeating: 0, count: size - (size < 128 ? 2 : size < 65_540 ? 4 : 10)))
    }

    @Test func theLastPacketWithinTheLimitIsTakenAndTheNextClosesTheConnection() throws {
        let client = try TestClient(EngineConfiguration(maxBufferedPackets: 3))
        client.stopReading()
        for _ in 0..<3 { client.session.send(message(10)) }
        client.turn()
        #expect(client.application.closeReasons.isEmpty)
        #expect(client.session.bufferedPackets == 3)
        client.session.send(message(10))
        // Not in the middle of what may be a broadcast.
        #expect(client.application.closeReasons.isEmpty)
        client.session.send(message(10))
        client.turn()
        #expect(client.application.closeReasons == [.bufferOverflow])
        #expect(!client.channel.isActive)
        #expect(client.server.sessionCount == 0)
    }

    /// What waits when a message is sent counts, not the message.
    @Test(arguments: [(1000, []), (1001, [EngineCloseReason.bufferOverflow])], [10, 5000])
    func bytesAreLimited(waiting: (Int, [EngineCloseReason]), next: Int) throws {
        let client = try TestClient(EngineConfiguration(maxBufferedBytes: 1000))
        client.stopReading()
        client.session.send(message(500))
        client.session.send(message(waiting.0 - 500))
        client.turn()
        #expect(client.application.closeReasons.isEmpty)
        client.session.send(message(next))
        client.turn()
        #expect(client.application.closeReasons == waiting.1)
    }

    /// An event with an attachment, as an application sends it on that lets in 100 MB.
    @Test func whatMayComeInMayGoOut() throws {
        let client = try TestClient(EngineConfiguration(maxPayload: 100_000_000))
        let header = EncodedMessage.text(#"51-["a",{"_placeholder":true,"num":0}]"#)
        let attachment = EncodedMessage.binary(ByteBuffer(repeating: 7, count: 20_000_000))
        for _ in 0..<3 {
            client.session.send(header)
            client.session.send(attachment)
            client.turn()
        }
        #expect(client.application.closeReasons.isEmpty)
        let size = header.frame.readableBytes + attachment.frame.readableBytes
        #expect(try client.received().map(\.readableBytes).reduce(0, +) == 3 * size)
        // To one that takes nothing it is sent once.
        client.stopReading()
        client.session.send(attachment)
        client.turn()
        #expect(client.application.closeReasons.isEmpty)
        client.session.send(message(10))
        client.turn()
        #expect(client.application.closeReasons == [.bufferOverflow])
    }

    // MARK: Clients that take nothing

    @Test(arguments: [nil, Duration.seconds(30)]) func whoTakesNothingIsGivenUp(timeout: Duration?) throws {
        let client = try TestClient(EngineConfiguration(pingTimeout: .seconds(600), sendTimeout: timeout))
        client.stopReading()
        client.session.send(message(10))
        client.turn()
        for _ in 0..<29 { client.advance(by: .seconds(1)) }
        client.advance(by: .milliseconds(999))
        #expect(client.application.closeReasons.isEmpty)
        client.advance(by: .milliseconds(1))
        #expect(client.application.closeReasons == (timeout == nil ? [] : [.sendTimeout]))
        #expect(client.channel.isActive == (timeout == nil))
        #expect(client.server.sessionCount == (timeout == nil ? 1 : 0))
    }

    @Test func whoTakesItInTimeStays() throws {
        let client = try TestClient()
        for _ in 0..<5 {
            client.stopReading()
            client.session.send(message(10))
            client.turn()
            client.advance(by: .seconds(4))
            client.resumeReading()
            client.advance(by: .seconds(26))
            #expect(try client.received().count <= 2)
            try client.send(0x81, ByteBuffer(string: "3"))
        }
        #expect(client.application.closeReasons.isEmpty)
    }

    @Test func aPongToAPingThatWasNotDeliveredIsNoSignOfLife() throws {
        let client = try TestClient(EngineConfiguration(sendTimeout: nil))
        client.stopReading()
        for _ in 0..<44 {
            client.advance(by: .seconds(1))
            try client.send(0x81, ByteBuffer(string: "3"))
        }
        #expect(client.application.closeReasons.isEmpty)
        client.advance(by: .seconds(1))
        #expect(client.application.closeReasons == [.pingTimeout])
    }

    // MARK: All clients together

    @Test(arguments: [200_000, 199_999, nil])
    func theOneThatIsSlowAndIsSentMoreIsClosed(most: Int?) throws {
        let configuration = EngineConfiguration(maxBufferedBytesInAll: most)
        let slow = try TestClient(configuration)
        let other = try TestClient(of: slow)
        let fast = try TestClient(of: slow)
        for client in [slow, other] {
            client.stopReading()
            client.session.send(message(100_000))
            client.turn()
        }
        #expect(slow.application.closeReasons.isEmpty)
        #expect(other.application.closeReasons == (most == 199_999 ? [.bufferOverflow] : []))
        // Those that keep up are none of it, and those for which little waits.
        for _ in 0..<3 {
            fast.session.send(message(100_000))
            fast.turn()
        }
        fast.stopReading()
        fast.session.send(message(60_000))
        fast.turn()
        #expect(fast.application.closeReasons.isEmpty)
        slow.session.send(message(10))
        slow.turn()
        #expect(slow.application.closeReasons == (most == 200_000 ? [.bufferOverflow] : []))
        // Who leaves makes room.
        for client in [slow, other, fast] { client.resumeReading() }
        #expect(slow.loop.counters.bufferedBytes == 0)
        #expect(slow.loop.bufferedInAll == 0)
    }

    @Test func whatTheChannelHasNotWrittenCounts() throws {
        let client = try TestClient()
        #expect(client.session.isWritable)
        client.stopReading()
        #expect(!client.session.isWritable)
        client.session.send(message(1000))
        client.session.send(message(24))
        client.turn()
        #expect(client.session.bufferedBytes == 1024)
        #expect(client.session.bufferedPackets == 2)
        #expect(try client.received().isEmpty)
        client.resumeReading()
        #expect(client.session.bufferedBytes == 0)
        #expect(client.session.bufferedPackets == 0)
        #expect(try client.received().map(\.readableBytes) == [1024])
        #expect(client.application.timesWritable == 1)
    }

    @Test func aFloodWithinOneTurnIsNotWritableUntilItsEnd() throws {
        let client = try TestClient()
        client.session.send(message(65_536))
        #expect(client.session.isWritable)
        client.session.send(message(10))
        #expect(!client.session.isWritable)
        #expect(client.application.timesWritable == 0)
        client.turn()
        #expect(client.session.isWritable)
        #expect(client.application.timesWritable == 1)
        client.session.send(message(10))
        client.turn()
        #expect(client.application.timesWritable == 1)
    }

    @Test func closingSaysGoodbyeToAClientThatReadsAgain() throws {
        let client = try TestClient()
        client.stopReading()
        client.session.send(message(10))
        client.session.close()
        #expect(client.application.closeReasons == [.forcedClose])
        client.turn()
        #expect(try client.received().map(\.readableBytes) == [10, 2])
        #expect(client.channel.isActive)
        try client.send(0x88, ByteBuffer())
        #expect(!client.channel.isActive)
    }
}
