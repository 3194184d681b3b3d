import Testing

@testable import Listening

@Suite
struct AcceptMachineTests {
    private let start = ContinuousClock.now

    @Test
    func whatCanBeSparedIsServedWithoutPause() {
        var machine = AcceptMachine()
        #expect(machine.accepted(isSpare: true, at: start) == .serve)
        #expect(machine.pause(at: start) == nil)
    }

    @Test
    func aRefusalPausesFor100Milliseconds() {
        var machine = AcceptMachine()
        #expect(machine.accepted(isSpare: false, at: start) == .refuse(notice: 1))
        let resumption = start + .milliseconds(100)
        #expect(machine.pause(at: start) == resumption)
        #expect(machine.pause(at: resumption - .nanoseconds(1)) == resumption)
        #expect(machine.pause(at: resumption) == nil)
        #expect(machine.accepted(isSpare: true, at: resumption) == .serve)
    }

    @Test
    func aFailurePausesForASecondWhateverWasRefusedBefore() {
        var machine = AcceptMachine()
        _ = machine.accepted(isSpare: false, at: start)
        #expect(machine.failed(at: start) == nil)
        #expect(machine.pause(at: start + .milliseconds(999)) == start + .seconds(1))
        #expect(machine.pause(at: start + .seconds(1)) == nil)
    }

    @Test
    func oneLineAMinuteTellsHowManyWereRefused() {
        var machine = AcceptMachine()
        #expect(machine.accepted(isSpare: false, at: start) == .refuse(notice: 1))
        for second in 1..<60 {
            #expect(machine.accepted(isSpare: false, at: start + .seconds(second)) == .refuse(notice: nil))
        }
        #expect(machine.accepted(isSpare: false, at: start + .seconds(60)) == .refuse(notice: 60))
    }
}
