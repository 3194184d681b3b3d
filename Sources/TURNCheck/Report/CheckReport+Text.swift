import FoundationEssentials

extension CheckReport {
    /// The report in plain words.
    package var text: String {
        var lines = [uri]
        for report in transports {
            lines.append("")
            lines += report.lines
        }
        lines.append("")
        lines.append(ok ? "All that was asked for works\(reservation)." : "Not all that was asked for works.")
        return lines.joined(separator: "\n")
    }

    /// The report as JSON, with keys in order and absent what there is not.
    /// - Throws: Nothing in practice: every number in it is finite.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private var reservation: String {
        let isUnchecked = transports.contains { $0.required && $0.notes.contains { $0.code == "credentials-needed" } }
        return isUnchecked ? ", as far as it can be seen without a user" : ""
    }
}

extension TransportReport {
    fileprivate var lines: [String] {
        var lines = [transport.uppercased() + (address.map { "  \($0)" } ?? "") + (required ? "" : "  (not asked for)")]
        if let connectMilliseconds {
            lines.append("     connected in \(Self.time(connectMilliseconds))")
        }
        if let stun {
            lines.append(
                "     STUN answers in \(Self.time(stun.milliseconds)) and sees this machine as \(stun.mappedAddress)"
            )
        }
        if let turn {
            let realm = turn.realm.map { ", realm \($0.printable)" } ?? ""
            lines.append(
                "     TURN gives \(turn.relayedAddress) for \(turn.lifetime) s, in \(Self.time(turn.milliseconds))\(realm)"
            )
        }
        if let relay {
            let way =
                switch relay.way {
                case .relayToRelay: "to another relayed address and back"
                case .relayToClient: "to this machine and back"
                }
            lines.append("     packets are relayed \(way) in \(Self.time(relay.milliseconds))")
        }
        for problem in notes + (problem.map { [$0] } ?? []) {
            lines.append("     \(problem.text)")
            lines.append("     -> \(problem.advice)")
        }
        return lines
    }

    private static func time(_ milliseconds: Double) -> String {
        "\((milliseconds * 10).rounded() / 10) ms"
    }
}
