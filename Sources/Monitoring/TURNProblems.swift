package import TURNServer

/// What does not work of a STUN and TURN server, as its own clients would find.
package struct TURNProblems: Sendable {
    private let health: PortHealth

    /// Begins with knowing nothing.
    /// - Parameters:
    ///   - turn: The server.
    ///   - ports: What it has opened.
    package init(of turn: TURNServer, _ ports: TURNServer.Ports) {
        let hasTCP = turn.configuration.listensOnTCP
        health = PortHealth {
            await PortHealth.problems(
                of: PortProbe.all(of: turn.addresses, hasTCP: hasTCP, tlsPort: ports.tlsPort)
            )
        }
    }

    /// What does not answer, a line each; asked for once a second at most.
    package var current: [String] {
        get async { await health.problems.map { "turn: \($0)" } }
    }
}
