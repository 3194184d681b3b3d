import Testing

@testable import Listening

@Suite
struct RememberedReserveTests {
    @Test
    func theLimitIsAskedForOnceASecond() {
        var remembered = RememberedReserve()
        var asked = 0
        let start = ContinuousClock.now
        func limit(after duration: Duration) -> Int {
            remembered.current(at: start + duration) {
                asked += 1
                return DescriptorReserve(limit: 1000 * asked)
            }.limit
        }
        #expect(limit(after: .zero) == 1000)
        #expect(limit(after: .milliseconds(500)) == 1000)
        #expect(limit(after: .seconds(1) - .nanoseconds(1)) == 1000)
        #expect(asked == 1)
        #expect(limit(after: .seconds(1)) == 2000)
        #expect(limit(after: .seconds(1.5)) == 2000)
        #expect(limit(after: .seconds(2)) == 3000)
    }
}
