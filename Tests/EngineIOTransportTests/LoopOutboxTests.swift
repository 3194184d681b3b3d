import Dispatch
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import EngineIOTransport

/// What one loop wants of another leaves at the end of its turn.
@Suite
struct LoopOutboxTests {
    @Test
    func workForAnotherLoopLeavesTogetherAndInOrder() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let sender = group.next()
        let recipient = NIOEngineLoop(group.next())
        let done = Record()
        let doneInTurn = try await sender.submit {
            for number in 0..<8 { recipient.execute { done.append(number) } }
            // Past the outbox: when this ran, all that was handed over before it has run as well.
            let reached = DispatchSemaphore(value: 0)
            recipient.eventLoop.execute { reached.signal() }
            reached.wait()
            return done.numbers.count
        }.get()
        #expect(doneInTurn == 0)
        // Handed over behind the outbox, as the sender's next turn.
        try await sender.submit {}.get()
        try await recipient.eventLoop.submit {}.get()
        #expect(done.numbers == Array(0..<8))
        try await group.shutdownGracefully()
    }

    @Test
    func workFromOutsideGoesStraight() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = NIOEngineLoop(group.next())
        let done = Record()
        loop.execute { done.append(1) }
        try await loop.eventLoop.submit {}.get()
        #expect(done.numbers == [1])
        try await group.shutdownGracefully()
    }

    private final class Record: Sendable {
        private let storage = Mutex<[Int]>([])

        var numbers: [Int] { storage.withLock { $0 } }

        func append(_ number: Int) {
            storage.withLock { $0.append(number) }
        }
    }
}
