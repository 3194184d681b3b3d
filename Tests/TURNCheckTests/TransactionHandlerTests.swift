import NIOCore
import NIOEmbedded
import STUN
import Testing

@testable import TURNCheck

/// Requests on a socket, with a clock that is moved by hand.
@Suite
struct TransactionHandlerTests {
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel
    private let handler: TransactionHandler
    private let id = TransactionID(high: 3, low: 4)

    init() throws {
        try self.init(.udp)
    }

    private init(_ transport: Transport) throws {
        handler = TransactionHandler(transport: transport, loop: loop)
        channel = EmbeddedChannel(handler: handler, loop: loop)
    }

    private func binding(_ messageClass: MessageClass, _ id: TransactionID) -> ByteBuffer {
        STUNMessageWriter(MessageType(messageClass, .binding), transactionID: id).finish()
    }

    /// How many requests have left since the last call.
    private func sent() throws -> Int {
        var count = 0
        while try channel.readOutbound(as: ByteBuffer.self) != nil { count += 1 }
        return count
    }

    /// What became of a future that has ended.
    private func outcome<Value: Sendable>(of future: EventLoopFuture<Value>) throws -> CheckFailure? {
        let box = NIOLoopBoundBox<Result<Value, any Error>?>(nil, eventLoop: loop)
        future.whenComplete { box.value = $0 }
        switch try #require(box.value) {
        case .success: return nil
        case .failure(let error): return error as? CheckFailure
        }
    }

    @Test
    func requestsAreSentAgainAtDoublingTimes() throws {
        let future = handler.send(binding(.request, id), id, timeout: .seconds(5)) { _ in .genuine }
        #expect(try sent() == 1)
        for (milliseconds, count): (Int64, Int) in [(499, 0), (1, 1), (999, 0), (1, 1), (1999, 0), (1, 1), (1499, 0)] {
            loop.advanceTime(by: .milliseconds(milliseconds))
            #expect(try sent() == count)
        }
        loop.advanceTime(by: .milliseconds(1))
        #expect(try outcome(of: future) == .noAnswer)
        loop.advanceTime(by: .seconds(60))
        #expect(try sent() == 0)
    }

    @Test
    func aResponseEndsTheTransaction() throws {
        let future = handler.send(binding(.request, id), id, timeout: .seconds(5)) { _ in .genuine }
        try channel.writeInbound(binding(.successResponse, TransactionID(high: 9, low: 9)))
        try channel.writeInbound(binding(.successResponse, id))
        #expect(try outcome(of: future) == nil)
        _ = try sent()
        loop.advanceTime(by: .seconds(60))
        #expect(try sent() == 0)
        // The same once more is nothing that anybody waits for.
        try channel.writeInbound(binding(.successResponse, id))
    }

    @Test
    func whatIsNotTakenIsRemembered() throws {
        let future = handler.send(binding(.request, id), id, timeout: .seconds(1)) { _ in .otherSignature }
        try channel.writeInbound(binding(.successResponse, id))
        loop.advanceTime(by: .seconds(1))
        #expect(try outcome(of: future) == .wrongSignature)
    }

    @Test
    func foreignBytesAreBorne() throws {
        let future = handler.send(binding(.request, id), id, timeout: .seconds(1)) { _ in .genuine }
        for bytes: [UInt8] in [[], [0], [0x40], [0x40, 0, 0xFF, 0xFF], Array(repeating: 0xFF, count: 2000)] {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        }
        try channel.writeInbound(binding(.successResponse, id))
        #expect(try outcome(of: future) == nil)
    }

    @Test
    func overTCPARequestIsSentOnce() throws {
        let tcp = try Self(.tcp)
        let future = tcp.handler.send(binding(.request, id), id, timeout: .seconds(5)) { _ in .genuine }
        #expect(try tcp.sent() == 1)
        tcp.loop.advanceTime(by: .seconds(5))
        #expect(try tcp.sent() == 0)
        #expect(try tcp.outcome(of: future) == .silent)
    }

    @Test
    func aClosedConnectionEndsAllAndWhatComesLater() throws {
        let tcp = try Self(.tcp)
        let future = tcp.handler.send(binding(.request, id), id, timeout: .seconds(5)) { _ in .genuine }
        _ = try tcp.channel.finish()
        #expect(try tcp.outcome(of: future) == .closed)
        let later = tcp.handler.send(binding(.request, id), id, timeout: .seconds(5)) { _ in .genuine }
        #expect(try tcp.outcome(of: later) == .closed)
        let data = tcp.handler.expect(ByteBuffer(), timeout: .seconds(1)) {}
        #expect(try tcp.outcome(of: data) == .closed)
    }

    @Test
    func dataIsSentUntilItArrives() throws {
        let payload = ByteBuffer(bytes: [0xFF, 1, 2, 3])
        let count = NIOLoopBoundBox(0, eventLoop: loop)
        let future = handler.expect(payload, timeout: .seconds(5)) { count.value += 1 }
        loop.advanceTime(by: .milliseconds(450))
        #expect(count.value == 3)
        try channel.writeInbound(ByteBuffer(bytes: [0xFF, 1, 2, 4]))
        try channel.writeInbound(payload)
        #expect(try outcome(of: future) == nil)
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 3)
        let never = handler.expect(payload, timeout: .seconds(1)) {}
        loop.advanceTime(by: .seconds(1))
        #expect(try outcome(of: never) == .notRelayed)
    }

    @Test
    func framesAreCutAndWhatIsNoneIsNoticed() throws {
        var decoder = ClientFrameDecoder()
        let message = binding(.successResponse, id)
        var stream = message
        stream.writeImmutableBuffer(TURNClient.makeChannelData(0x4000, ByteBuffer(bytes: [1, 2, 3])))
        #expect(try decoder.decode(buffer: &stream) == message)
        // Padding is missing as yet.
        #expect(try decoder.decode(buffer: &stream) == nil)
        stream.writeInteger(UInt8(0))
        #expect(try decoder.decode(buffer: &stream)?.readableBytes == 8)
        #expect(try decoder.decode(buffer: &stream) == nil)
        for text in ["HTTP/1.1 400 Bad Request", "SSH-2.0", "\u{15}", "\0\u{1}\0\0AAAA", "\u{80}"] {
            var foreign = ByteBuffer(string: text)
            if text == "\u{15}" { foreign = ByteBuffer(bytes: [0x15, 3, 1, 0, 2, 2, 70, 0]) }
            #expect(throws: CheckFailure.notSTUN) { try decoder.decode(buffer: &foreign) }
        }
    }
}
