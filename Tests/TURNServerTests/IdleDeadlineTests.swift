import NIOCore
import Testing

@testable import TURNServer

@Suite struct IdleDeadlineTests {
    @Test func messagesPutTheDeadlineOff() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var idle = IdleDeadline(timeout: .seconds(60), at: start)
        #expect(idle.firstTimer == start + .seconds(60))
        #expect(idle.timerFired(at: start + .seconds(59)) == .wait(until: start + .seconds(60)))
        idle.receivedMessage(at: start + .seconds(20))
        #expect(idle.timerFired(at: start + .seconds(60)) == .wait(until: start + .seconds(80)))
        #expect(idle.timerFired(at: start + .nanoseconds(79_999_999_999)) == .wait(until: start + .seconds(80)))
        #expect(idle.timerFired(at: start + .seconds(80)) == .close)
    }
}
