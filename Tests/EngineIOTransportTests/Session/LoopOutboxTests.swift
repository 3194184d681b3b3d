import Dispatch
import EngineIO
import Locking
import NIOCore
import NIOPosix
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

    /// Who calls.
    enum Caller: CaseIterable {
        /// The loop that is called.
        case itself
        /// A loop whose turn goes on for a while after the call.
        case otherLoop
        case plainThread
    }

    /// What is called: first by one caller, then by another.
    enum Calls: CaseIterable {
        case executeAndExecute
        case executeAndSchedule
        case scheduleAndCancel
    }

    @Test(arguments: Caller.allCases.flatMap { first in Caller.allCases.map { (first, $0) } }, Calls.allCases)
    func callsKeepTheirOrderWhoeverMakesThem(callers: (Caller, Caller), calls: Calls) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let other = group.next()
        let loop = NIOEngineLoop(group.next())
        let done = Record()
        let turn = DispatchSemaphore(value: 0)

        // The turn of the other loop ends when both calls were made.
        @Sendable func call(by caller: Caller, _ work: @escaping @Sendable () -> Void) {
            let called = DispatchSemaphore(value: 0)
            switch caller {
            case .itself: return work()
            case .otherLoop:
                other.execute {
                    work()
                    called.signal()
                    turn.wait()
                }
            case .plainThread:
                DispatchQueue.global().async {
                    work()
                    called.signal()
                }
            }
            called.wait()
        }

        try await loop.eventLoop.submit {
            call(by: callers.0) {
                switch calls {
                case .executeAndExecute, .executeAndSchedule: loop.execute { done.append(1) }
                case .scheduleAndCancel:
                    let scheduled = loop.schedule(at: loop.now) { done.append(1) }
                    done.timer.withLock { $0 = scheduled }
                }
            }
            // A loop whose turn goes on can't be asked for a second call from another turn.
            let second: Caller = callers == (.otherLoop, .otherLoop) ? .plainThread : callers.1
            call(by: second) {
                switch calls {
                case .executeAndExecute: loop.execute { done.append(2) }
                case .executeAndSchedule: _ = loop.schedule(at: loop.now) { done.append(2) }
                case .scheduleAndCancel: done.timer.withLock { $0 }?.cancel()
                }
            }
            turn.signal()
        }.get()
        // Behind all that is due.
        try await other.submit {}.get()
        await withCheckedContinuation { continuation in
            loop.execute { _ = loop.schedule(at: loop.now) { continuation.resume() } }
        }
        #expect(done.numbers == (calls == .scheduleAndCancel ? [] : [1, 2]))
        try await group.shutdownGracefully()
    }

    private final class Record: Sendable {
        private let storage = Mutex<[Int]>([])
        let timer = Mutex<EngineTimer?>(nil)

        var numbers: [Int] { storage.withLock { $0 } }

        func append(_ number: Int) {
            storage.withLock { $0.append(number) }
        }
    }
}
