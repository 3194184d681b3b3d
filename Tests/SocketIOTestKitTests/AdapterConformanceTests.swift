import EngineIO
import SocketIO
import SocketIOTestKit
import Testing

@testable import AdapterExample

@Suite struct AdapterConformanceTests {
    /// A bound on what goes wrong, wide enough for a machine that runs a thousand other tests beside.
    private static let patience = Duration.seconds(120)

    @Test(arguments: AdapterConformance.Check.allCases)
    func serversThatStandAloneConform(check: AdapterConformance.Check) async throws {
        try await AdapterConformance(serverCount: 1, timeout: Self.patience) { count in
            (0..<count).map { _ in SocketIOServer() }
        }.run(check)
    }

    @Test(arguments: AdapterConformance.Check.allCases)
    func serversAtAHubConform(check: AdapterConformance.Check) async throws {
        try await AdapterConformance(serverCount: 3, timeout: Self.patience) { count in
            let hub = Hub()
            return (0..<count).map { index in
                SocketIOServer(adapter: hub.adapters(ofNode: "node-\(index)", requestTimeout: .seconds(10)))
            }
        }.run(check)
    }

    @Test(arguments: AdapterConformance.Check.allCases)
    func serversAtAHubWithRecoveryConform(check: AdapterConformance.Check) async throws {
        try await AdapterConformance(serverCount: 3, timeout: Self.patience) { count in
            let hub = Hub()
            return (0..<count).map { index in
                SocketIOServer(
                    configuration: .init(connectionStateRecovery: .init()),
                    adapter: hub.adapters(ofNode: "node-\(index)", requestTimeout: .seconds(10))
                )
            }
        }.run(check)
    }

    /// An adapter that passes a message on twice, keeps one to itself, or mixes up their order.
    private struct Faulty: Adapter {
        enum Fault: CaseIterable { case drops, doubles, reorders, forgetsNodes, keepsAnswers }

        let adapter: any Adapter
        let fault: Fault
        var requestTimeout: Duration { .milliseconds(100) }

        func otherNodes() async throws -> [String] {
            let nodes = try await adapter.otherNodes()
            return fault == .forgetsNodes ? Array(nodes.dropFirst()) : nodes
        }

        func publish(_ message: ClusterMessage) {
            switch fault {
            case .drops: break
            case .doubles:
                adapter.publish(message)
                adapter.publish(message)
            case .reorders:
                if case .broadcast(let event, _, _) = message.content, event.name == "n" {
                    _ = adapter.schedule(after: .milliseconds(Int.random(in: 0...10))) { adapter.publish(message) }
                } else {
                    adapter.publish(message)
                }
            case .forgetsNodes, .keepsAnswers: adapter.publish(message)
            }
        }

        func respond(_ response: ClusterResponse, to node: String) {
            if fault != .keepsAnswers { adapter.respond(response, to: node) }
        }

        func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
            adapter.schedule(after: delay, work)
        }

        func close() { adapter.close() }
    }

    @Test(arguments: [
        (Faulty.Fault.drops, AdapterConformance.Check.broadcastReachesEverybody),
        (.drops, .serversTalk), (.doubles, .serversTalk), (.doubles, .broadcastReachesEverybody),
        (.reorders, .orderIsKept), (.forgetsNodes, .serversAreCounted), (.keepsAnswers, .acknowledgementsAreGathered),
        (.keepsAnswers, .socketsAreFetched), (.keepsAnswers, .serversAnswer),
    ])
    private func faultsAreFound(fault: Faulty.Fault, check: AdapterConformance.Check) async throws {
        let conformance = AdapterConformance(serverCount: 3, timeout: .milliseconds(500)) { count in
            let hub = Hub()
            return (0..<count).map { index in
                let make = hub.adapters(ofNode: "node-\(index)")
                return SocketIOServer(adapter: { Faulty(adapter: make($0), fault: fault) })
            }
        }
        await #expect(throws: (any Error).self) { try await conformance.run(check) }
    }
}
