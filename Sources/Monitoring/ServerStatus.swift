import FoundationEssentials

/// What a server is and does at a moment, for whoever runs it.
package struct ServerStatus: Codable, Sendable, Equatable {
    /// The certificate of the page's port.
    package struct Certificate: Codable, Sendable, Equatable {
        /// Its file.
        package var file: String
        /// Its SHA-256, as browsers show it.
        package var sha256: String
        /// When it ends, in milliseconds since 1970.
        package var ends: Int64

        /// Makes one of all its parts.
        package init(
            file: String,
            sha256: String,
            ends: Int64
        ) {
            self.file = file
            self.sha256 = sha256
            self.ends = ends
        }
    }

    /// A limit that somebody has met.
    package struct Refusal: Codable, Sendable, Equatable {
        /// The limit.
        package var limit: String
        /// The code of the answer.
        package var code: String
        /// How many requests were refused on it since the start.
        package var count: Int

        /// Makes one of all its parts.
        package init(
            limit: String,
            code: String,
            count: Int
        ) {
            self.limit = limit
            self.code = code
            self.count = count
        }
    }

    /// The version of the program.
    package var version: String
    /// When it was started, in milliseconds since 1970.
    package var started: Int64
    /// The address of the page.
    package var page: String
    /// The UDP and TCP port of STUN and TURN.
    package var turnPort: Int
    /// The port of TURN over TLS, the page's or one of its own; `nil` for none.
    package var turnTLSPort: Int?
    /// The certificate of the page's port; `nil` where it speaks no TLS.
    package var certificate: Certificate?
    /// Rooms in which somebody is.
    package var rooms: Int
    /// Members of all rooms, those who are away among them.
    package var people: Int
    /// Those of them who are in a call.
    package var inCalls: Int
    /// Those who wait to be let in.
    package var waiting: Int
    /// Engine.IO connections.
    package var connections: Int
    /// Allocations of TURN.
    package var allocations: Int
    /// Relayed addresses.
    package var relays: Int
    /// Limits that were met, the most often met first.
    package var refusals: [Refusal]
    /// Bytes of the chat history.
    package var historyBytes: Int
    /// Bytes that are free on its disk; `nil` where the system does not say.
    package var diskFree: Int?
    /// What does not work, a part of a sentence each.
    package var problems: [String]

    /// Makes one of all its parts.
    package init(
        version: String,
        started: Int64,
        page: String,
        turnPort: Int,
        turnTLSPort: Int?,
        certificate: Certificate?,
        rooms: Int,
        people: Int,
        inCalls: Int,
        waiting: Int,
        connections: Int,
        allocations: Int,
        relays: Int,
        refusals: [Refusal],
        historyBytes: Int,
        diskFree: Int?,
        problems: [String]
    ) {
        self.version = version
        self.started = started
        self.page = page
        self.turnPort = turnPort
        self.turnTLSPort = turnTLSPort
        self.certificate = certificate
        self.rooms = rooms
        self.people = people
        self.inCalls = inCalls
        self.waiting = waiting
        self.connections = connections
        self.allocations = allocations
        self.relays = relays
        self.refusals = refusals
        self.historyBytes = historyBytes
        self.diskFree = diskFree
        self.problems = problems
    }
}

extension ServerStatus {
    /// The status in words, a line for each thing.
    /// - Parameter now: The time, in milliseconds since 1970.
    /// - Returns: The lines, without a line break at the end.
    package func text(at now: Int64) -> String {
        var lines = [
            "linkup \(version), running for \(Self.time(now - started))",
            "Page: \(page)",
            "STUN and TURN: port \(turnPort)" + (turnTLSPort.map { ", over TLS port \($0)" } ?? ""),
        ]
        if let certificate {
            let left = certificate.ends - now
            let end = left > 0 ? "ends in \(Self.time(left))" : "ended \(Self.time(-left)) ago"
            lines.append("Certificate: \(end), \(certificate.file)")
        }
        lines += [
            "Rooms: \(rooms), with \(people) people, \(inCalls) of them in calls, and \(waiting) who wait",
            "Connections: \(connections)",
            "Relays: \(relays), of \(allocations) allocations",
            "History: \(Self.size(historyBytes))" + (diskFree.map { ", and \(Self.size($0)) free on its disk" } ?? ""),
        ]
        if !refusals.isEmpty {
            lines.append("Limits that were met:")
            lines += refusals.map { "  \($0.limit) (\($0.code)): \($0.count)" }
        }
        lines += problems.isEmpty ? ["All is well."] : ["Problems:"] + problems.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    /// The status as JSON, with its keys in alphabetical order.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private static func time(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1000)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) days"
        }
    }

    private static func size(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), 0)
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(bytes) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
