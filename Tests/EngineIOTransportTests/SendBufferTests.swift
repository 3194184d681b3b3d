import EngineIO
import NIOCore
import NIOEmbedded
import Testing

@testable import EngineIOTransport

/// What waits for a client to take it, and what becomes of a client that takes nothing.
@Suite struct SendBufferTests {
    /// A message of `size` bytes on the wire of a WebSocket.
    private func message(_ size: Int) -> EncodedMessage {
        .binary(ByteBuffer(repeating: 0, count: size - (size < 128 ? 2 : 4)))
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

    @Test(arguments: [(1000, []), (1001, [EngineCloseReason.bufferOverflow])])
    func bytesAreLimited(size: Int, reasons: [EngineCloseReason]) throws {
        let client = try TestClient(EngineConfiguration(maxBufferedBytes: 1000))
        client.stopReading()
        client.session.send(message(500))
        client.session.send(message(size - 500))
        client.turn()
        #expect(client.application.closeReasons == reasons)
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
        #expect(!client.channel.isActive)
    }
}
