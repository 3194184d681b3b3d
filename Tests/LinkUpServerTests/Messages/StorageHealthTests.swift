import Testing

@testable import LinkUpServer

@Suite
struct StorageHealthTests {
    @Test
    func saysOnceAMinuteWhatHappensToEachMessage() {
        var health = StorageHealth()
        let start = ContinuousClock.now
        var notices: [StorageHealth.Notice] = []
        for second in 0..<130 {
            if let notice = health.fail(.diskFull, times: 10, at: start + .seconds(second)) { notices.append(notice) }
        }
        #expect(
            notices == [
                .failing(.diskFull, times: 10), .failing(.diskFull, times: 600), .failing(.diskFull, times: 600),
            ]
        )
        #expect(health.failure == .diskFull)
        #expect(health.succeed() == .recovered)
        #expect(health.failure == nil)
        #expect(health.succeed() == nil)
    }

    @Test
    func saysNoMoreWhereFailureAndSuccessTakeTurns() {
        var health = StorageHealth()
        let start = ContinuousClock.now
        var count = 0
        for second in 0..<60 {
            if health.fail(.locked, times: 1, at: start + .seconds(second)) != nil { count += 1 }
            if health.succeed() != nil { count += 1 }
        }
        #expect(count == 2)
    }
}
