import Testing

@testable import EngineIO

@Suite struct DeliveryWatchTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start + .milliseconds(Int(seconds * 1000))
    }

    /// Looks when the watch asks for it, as a driver does, and tells when the client was given up.
    ///
    /// `taken` says what was taken at a time; `nil` for all.
    private func end(_ watch: inout DeliveryWatch, until last: Double, _ taken: (Double) -> Int?) -> Double? {
        while let next = watch.deadline, next <= after(last) {
            let seconds = ((next - start) / .milliseconds(1)).rounded() / 1000
            if watch.look(taken: taken(seconds), at: next) { return seconds }
        }
        return nil
    }

    @Test(arguments: [
        // Nothing at all, a byte at once, and a byte after some time, which the next look sees.
        (0.0, 30.0), (4.9, 35.0), (5.1, 40.0), (14, 45), (29.9, 60), (30.1, 30),
    ])
    func whoTakesNothingForTheTimeIsGivenUp(firstByte: Double, end expected: Double) {
        var watch = DeliveryWatch(timeout: .seconds(30))
        watch.begin(taken: 7, at: start)
        #expect(watch.deadline == after(5))
        let end = end(&watch, until: 1000) { firstByte > 0 && $0 >= firstByte ? 8 : 7 }
        #expect(end == expected)
    }

    @Test func whoTakesAByteNowAndThenStays() {
        var watch = DeliveryWatch(timeout: .seconds(30))
        watch.begin(taken: 0, at: start)
        #expect(end(&watch, until: 3600) { Int($0 / 24) } == nil)
        // Nothing waits any more.
        #expect(end(&watch, until: 4000) { _ in nil } == nil)
        #expect(watch.deadline == nil)
        watch.begin(taken: 150, at: after(5000))
        watch.begin(taken: 150, at: after(5020))
        #expect(end(&watch, until: 6000) { _ in 150 } == 5030)
    }

    @Test func theTimeOfAPauseDoesNotCount() {
        var watch = DeliveryWatch(timeout: .seconds(30))
        watch.begin(taken: 0, at: start)
        #expect(watch.look(taken: 0, at: after(1000)) == false)
        #expect(end(&watch, until: 2000) { _ in 0 } == 1025)
    }

    @Test func withoutATimeNobodyIsGivenUp() {
        var watch = DeliveryWatch(timeout: nil)
        watch.begin(taken: 0, at: start)
        #expect(watch.deadline == nil)
        #expect(watch.look(taken: 0, at: after(1_000_000)) == false)
    }
}
