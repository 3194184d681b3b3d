import Locking
import NIOCore
import NIOPosix
import Networking
import STUN
import Testing

@testable import Monitoring

@Suite
struct PortHealthTests {
    /// A clock that stands still, and answers that are counted.
    private final class Script: Sendable {
        let now = Mutex(ContinuousClock.now)
        let asked = Mutex(0)

        func makeHealth(_ answers: [[String]]) -> PortHealth {
            PortHealth(
                clock: { [self] in now.withLock { $0 } },
                ask: { [self] in
                    let number = asked.withLock { asked in
                        defer { asked += 1 }
                        return asked
                    }
                    return answers[min(number, answers.count - 1)]
                }
            )
        }
    }

    /// The time between two looks in milliseconds, and what the second one sees.
    @Test(arguments: [(0, 1), (999, 1), (1000, 2), (5000, 2)])
    func anAnswerIsGoodForASecond(milliseconds: Int, asked: Int) async {
        let script = Script()
        let health = script.makeHealth([["first"], ["second"]])
        #expect(await health.problems == ["first"])
        script.now.withLock { $0 += .milliseconds(milliseconds) }
        #expect(await health.problems == [asked == 1 ? "first" : "second"])
        #expect(script.asked.withLock { $0 } == asked)
    }

    @Test
    func manyAskAsOne() async {
        let script = Script()
        let health = script.makeHealth([[]])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { #expect(await health.problems == []) } }
        }
        #expect(script.asked.withLock { $0 } == 1)
    }

    @Test
    func askedAreThePortsThatListen() throws {
        let addresses = [
            TransportAddress(ip: try #require(IPAddress("0.0.0.0")), port: 1),
            TransportAddress(ip: try #require(IPAddress("::")), port: 1),
            TransportAddress(ip: try #require(IPAddress("192.0.2.1")), port: 1),
        ]
        let all = PortProbe.all(of: addresses, hasTCP: true, tlsPort: 2).map(\.description)
        #expect(
            all == [
                "UDP 127.0.0.1:1", "TCP 127.0.0.1:1", "TLS 127.0.0.1:2", "UDP ::1:1", "TCP ::1:1", "TLS ::1:2",
                "UDP 192.0.2.1:1", "TCP 192.0.2.1:1", "TLS 192.0.2.1:2",
            ]
        )
        let few = PortProbe.all(of: [addresses[0]], hasTCP: false, tlsPort: nil).map(\.description)
        #expect(few == ["UDP 127.0.0.1:1"])
    }

    @Test
    func aServerThatIsClosedIsNotReady() async {
        #expect(await PortHealth.problems(of: []) == ["the ports are closed"])
    }

    /// A socket that says nothing, and a port at which nobody listens.
    @Test
    func silentPortsAreNamed() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let silent = try await DatagramBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let closed = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let probes = [
            PortProbe(transport: .udp, address: try #require(silent.localAddress)),
            PortProbe(transport: .tcp, address: try #require(closed.localAddress)),
        ]
        try await closed.close()
        let problems = await PortHealth.problems(of: probes, within: .milliseconds(300))
        #expect(problems == probes.map { "\($0) does not answer" })
        try await silent.close()
    }
}
