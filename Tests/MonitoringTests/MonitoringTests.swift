import Testing

@testable import Monitoring

@Suite
struct MonitoringTests {
    @Test(
        arguments: [
            ("9464", "127.0.0.1", 9464), ("0", "127.0.0.1", 0), ("65535", "127.0.0.1", 65_535),
            ("0.0.0.0:80", "0.0.0.0", 80), ("[::]:80", "::", 80), ("[2001:db8::1]:1", "2001:db8::1", 1),
        ]
    )
    func addressesThatCanBeListenedOn(text: String, host: String, port: Int) throws {
        let address = try #require(MonitoringAddress(text))
        #expect(address.host == host && address.port == port)
        #expect(MonitoringAddress(address.description) == address)
    }

    @Test(
        arguments: [
            "", ":", "65536", "-1", "+1", "01", " 1", "1 ", "a", "localhost:1", ":1", "127.0.0.1", "127.0.0.1:",
            "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "1.2.3:4", "99999999999999999999",
        ]
    )
    func othersAreRefused(text: String) {
        #expect(MonitoringAddress(text) == nil)
    }

    private var status: ServerStatus {
        ServerStatus(
            version: "1.2.3",
            started: 1_000_000,
            page: "https://localhost:3000",
            turnPort: 3478,
            turnTLSPort: 3000,
            certificate: .init(file: "server.pem", sha256: "AB:CD", ends: 1_000_000 + 40 * 86_400_000),
            rooms: 2,
            people: 5,
            inCalls: 3,
            waiting: 1,
            connections: 6,
            allocations: 4,
            relays: 8,
            refusals: [.init(limit: "say-rate", code: "too-many-requests", count: 7)],
            historyBytes: 3_500_000,
            diskFree: 900,
            problems: []
        )
    }

    @Test
    func aStatusInWords() throws {
        var status = status
        #expect(
            status.text(at: 1_000_000 + 3 * 3_600_000).split(separator: "\n") == [
                "linkup 1.2.3, running for 3 h", "Page: https://localhost:3000",
                "STUN and TURN: port 3478, over TLS port 3000", "Certificate: ends in 39 days, server.pem",
                "Rooms: 2, with 5 people, 3 of them in calls, and 1 who wait", "Connections: 6",
                "Relays: 8, of 4 allocations", "History: 3.3 MiB, and 900 bytes free on its disk",
                "Limits that were met:", "  say-rate (too-many-requests): 7", "All is well.",
            ]
        )
        status.problems = ["database: the disk is full"]
        status.certificate?.ends = 0
        let lines = status.text(at: 1_090_000).split(separator: "\n")
        #expect(lines.first == "linkup 1.2.3, running for 90 s")
        #expect(lines.contains("Certificate: ended 18 min ago, server.pem"))
        #expect(lines.suffix(2) == ["Problems:", "  database: the disk is full"])
        // A clock that was put back makes no negative times.
        #expect(status.text(at: 0).hasPrefix("linkup 1.2.3, running for 0 s"))
    }
}
