import NIOCore
import Testing

@testable import TURNServer

@Suite struct TransferBudgetTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// A second's worth at once, and then as fast as the rate says, in whatever pieces.
    @Test(arguments: [1, 100, 1000, 5000])
    func aSecondsWorthIsFree(piece: Int) {
        let budget = TransferBudget(bytesPerSecond: 1000)
        var now = Self.start
        var sent = 0
        while sent < 20_000 {
            let delay = budget.spend(piece, at: now)
            sent += piece
            // Up to a second's worth may be ahead of its time.
            let owed = Int64(sent - 1000) * 1_000_000
            let expected = Self.start + .nanoseconds(owed)
            if let delay {
                #expect(now + delay == expected)
                now = now + delay
            } else {
                #expect(expected <= now)
            }
        }
        // What was not used is there for a second.
        now = now + .seconds(100)
        #expect(budget.spend(1000, at: now) == nil)
        #expect(budget.spend(1000, at: now) == .seconds(1))
    }

    @Test func withoutALimitThereIsNone() {
        #expect(TransferBudgets(bytesPerSecond: 0) == nil)
    }
}
