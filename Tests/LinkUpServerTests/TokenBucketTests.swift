import EngineIO
import Testing

@testable import LinkUpServer

@Suite
struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test(arguments: [Limits.say, Limits.typing, Limits.signal, Limits.control, Rate(perSecond: 3, burst: 1)])
    func grantsTheBurstAndNotOneMore(rate: Rate) {
        var bucket = TokenBucket(rate)
        for _ in 0..<rate.burst {
            #expect(bucket.take(at: start) == nil)
        }
        #expect(bucket.take(at: start) == rate.interval)
    }

    @Test(arguments: [Limits.say, Limits.typing, Limits.signal, Limits.control])
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

    @Test
    func saysWhenToTryAgain() {
        var bucket = TokenBucket(Rate(perSecond: 5, burst: 1))
        #expect(throws: Never.self) { try bucket.admit(at: start) }
        #expect(throws: RequestError(code: .tooManyRequests, message: "Too many requests: try again in 0.2 s.")) {
            try bucket.admit(at: start)
        }
        #expect(throws: RequestError(code: .tooManyRequests, message: "Too many requests: try again in 0.1 s.")) {
            try bucket.admit(at: start + .milliseconds(150))
        }
    }
}
