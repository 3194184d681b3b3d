import EngineIO
import Testing

@testable import LinkUpServer

@Suite
struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test(arguments: LimitedAction.allCases.filter { $0.rate.client.burst <= 1000 }.map(\.rate.client))
    func grantsTheBurstAndNotOneMore(rate: Rate) {
        var bucket = TokenBucket(rate)
        for _ in 0..<rate.burst {
            #expect(bucket.take(at: start) == nil)
        }
        #expect(bucket.take(at: start) == rate.interval)
    }

    @Test(arguments: LimitedAction.allCases.filter { $0.rate.client.burst <= 1000 }.map(\.rate.client))
    func growsOneTokenEachInterval(rate: Rate) {
        var bucket = TokenBucket(rate)
        for _ in 0..<rate.burst { _ = bucket.take(at: start) }
        let next = start + rate.interval
        #expect(bucket.take(at: next - .nanoseconds(1)) == .nanoseconds(1))
        #expect(bucket.take(at: next) == nil)
        #expect(bucket.take(at: next) == rate.interval)
    }

    @Test
    func neverHoldsMoreThanTheBurst() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 2))
        let later = start + .seconds(3600)
        _ = bucket.take(at: start)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) == .milliseconds(100))
    }

    @Test
    func refusalsCostNothing() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 1))
        _ = bucket.take(at: start)
        for _ in 0..<1000 { _ = bucket.take(at: start) }
        #expect(bucket.take(at: start + .milliseconds(100)) == nil)
    }

    @Test
    func sustainsTheRateForLong() {
        var bucket = TokenBucket(Rate(perSecond: 3, burst: 1))
        var granted = 0
        for step in 0..<3000 where bucket.take(at: start + .milliseconds(10 * step)) == nil { granted += 1 }
        #expect((88...90).contains(granted))
    }

    @Test(
        arguments: [
            (.milliseconds(200), 200), (.microseconds(1), 1), (.nanoseconds(1_000_001), 2), (.seconds(61), 61_000),
        ] as [(Duration, Int)]
    )
    func saysWhenToTryAgain(_ wait: Duration, milliseconds: Int) {
        #expect(RequestError.tooManyRequests(wait, .rate(.say)) == .refused(.rate(.say), retryAfter: milliseconds))
    }

    @Test
    func letsWhatCostsMoreThanTheBurstPass() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 5))
        #expect(bucket.take(15, at: start) == nil)
        #expect(bucket.take(1, at: start) == .milliseconds(1100))
        #expect(bucket.take(1, at: start + .milliseconds(1100)) == nil)
    }
}
