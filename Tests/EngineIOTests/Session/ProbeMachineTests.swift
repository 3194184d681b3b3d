import NIOCore
import Testing

@testable import EngineIO

@Suite struct ProbeMachineTests {
    private func receive(_ texts: [String]) -> [ProbeMachine.OnText] {
        var machine = ProbeMachine(until: .now)
        return texts.map { machine.receive(ByteBuffer(string: $0)) }
    }

    @Test func goesThroughProbeAndUpgrade() {
        #expect(receive(["2probe", "5", "4late"]) == [.probe, .upgrade(wasProbed: true), .ignore])
    }

    @Test func takesAnUpgradeWithoutAProbe() {
        #expect(receive(["5", "2probe"]) == [.upgrade(wasProbed: false), .ignore])
    }

    @Test(arguments: ["2", "2prob", "4a", "", "x", "1"])
    func refusesAnythingButTheProbe(text: String) {
        #expect(receive([text, "2probe"]) == [.refuse, .ignore])
    }

    @Test(arguments: ["2probe", "4a", "", "x", "1"])
    func refusesAnythingButTheUpgrade(text: String) {
        #expect(receive(["2probe", text, "5"]) == [.probe, .refuse, .ignore])
    }

    @Test func tellsWhetherTheSessionWasProbed() {
        var unprobed = ProbeMachine(until: .now)
        #expect(unprobed.end() == false)
        var probed = ProbeMachine(until: .now)
        _ = probed.receive(ByteBuffer(string: "2probe"))
        #expect(probed.end() == true)
        #expect(probed.end() == false)
        var upgraded = ProbeMachine(until: .now)
        _ = upgraded.receive(ByteBuffer(string: "5"))
        #expect(upgraded.end() == false)
    }
}
