import NIOCore
import Testing

@testable import TURNServer

@Suite struct StreamDeadlinesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func messagesPutTheDeadlineOff() {
        var limits = StreamLimits()
        limits.authenticationTimeout = nil
        var deadlines = StreamDeadlines(limits, at: start)
        #expect(deadlines.next == start + .seconds(60))
        #expect(deadlines.timerFired(at: start + .seconds(59)) == .wait(until: start + .seconds(60)))
        deadlines.receivedMessage(at: start + .seconds(20))
        #expect(deadlines.timerFired(at: start + .seconds(60)) == .wait(until: start + .seconds(80)))
        #expect(deadlines.timerFired(at: start + .nanoseconds(79_999_999_999)) == .wait(until: start + .seconds(80)))
        #expect(deadlines.timerFired(at: start + .seconds(80)) == .close)
    }

    @Test func messagesDoNotPutOffTheProof() {
        var deadlines = StreamDeadlines(StreamLimits(), at: start)
        #expect(deadlines.next == start + .seconds(30))
        deadlines.receivedMessage(at: start + .seconds(29))
        #expect(deadlines.timerFired(at: start + .seconds(29)) == .wait(until: start + .seconds(30)))
        #expect(deadlines.timerFired(at: start + .seconds(30)) == .close)
    }

    /// Who has proven who it is and has no allocation has no more time than others.
    @Test func theProofAloneGivesAMinute() {
        var deadlines = StreamDeadlines(StreamLimits(), at: start)
        deadlines.authenticated(at: start + .seconds(29))
        let end = start + .seconds(29 + 60)
        #expect(deadlines.timerFired(at: start + .seconds(30)) == .wait(until: end))
        #expect(deadlines.timerFired(at: end) == .close)
    }

    /// So it is again when the allocation has ended.
    @Test func theEndOfTheAllocationGivesAMinute() {
        var deadlines = StreamDeadlines(StreamLimits(), at: start)
        deadlines.allocated(at: start)
        deadlines.allocationEnded(at: start + .seconds(1000))
        #expect(deadlines.next == start + .seconds(1060))
        deadlines.receivedMessage(at: start + .seconds(1030))
        #expect(deadlines.next == start + .seconds(1090))
        deadlines.allocated(at: start + .seconds(1080))
        #expect(deadlines.next == start + .seconds(1080 + 3660))
    }

    @Test func anAllocationPutsTheDeadlineOff() {
        var deadlines = StreamDeadlines(StreamLimits(), at: start)
        deadlines.allocated(at: start + .seconds(29))
        let end = start + .seconds(29 + 3660)
        #expect(deadlines.timerFired(at: start + .seconds(30)) == .wait(until: end))
        deadlines.receivedMessage(at: end - .seconds(1))
        #expect(deadlines.timerFired(at: end) == .wait(until: end + .seconds(3659)))
        #expect(deadlines.timerFired(at: end + .seconds(3659)) == .close)
    }
}
