import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct RefreshTests {
    /// RFC 8656 §8.2.
    private static let table = RequestTable(
        factors: RequestTable.common + [
            ("state", ["own", "none", "other user's"]), ("ticket", ["none", "made up", "malformed"]),
            ("lifetime", ["none", "0", "700", "malformed"]), ("family", ["none", "IPv4", "IPv6", "3", "malformed"]),
        ],
        rules: RequestTable.commonRules + [
            .init(400) { $0["state"] == "none" && $0["ticket"] == "malformed" },
            .init(405) { $0["state"] == "none" && $0["ticket"] == "made up" },
            .init(437, "state", "none"), .init(441, "state", "other user's"), .init(400, "lifetime", "malformed"),
            .init(400, "family", "malformed"), .init(443, "family", "IPv6", "3"),
        ]
    )

    @Test(arguments: table.trials)
    func checksInOrder(trial: Trial) throws {
        var relay = try TestRelay()
        switch trial["state"] {
        case "own": #expect(try relay.allocate()?.isSuccess == true)
        case "other user's": #expect(try relay.allocate(user: "other", password: "word")?.isSuccess == true)
        default: break
        }
        let tables = relay.tables
        let answer = try relay.request(.refresh, signature: trial.signature) { writer in
            try writer.appendUnknown(trial)
            switch trial["ticket"] {
            case "made up": try writer.append(.mobilityTicket, [UInt8](repeating: 0, count: 29))
            case "malformed": try writer.append(.mobilityTicket, [UInt8](repeating: 0, count: 257))
            default: break
            }
            switch trial["lifetime"] {
            case "0": try writer.append(Lifetime(seconds: 0))
            case "700": try writer.append(Lifetime(seconds: 700))
            case "malformed": try writer.append(.lifetime, [1])
            default: break
            }
            switch trial["family"] {
            case "IPv4": try writer.append(RequestedAddressFamily(.ipv4))
            case "IPv6": try writer.append(RequestedAddressFamily(.ipv6))
            case "3": try writer.append(.requestedAddressFamily, [3, 0, 0, 0])
            case "malformed": try writer.append(.requestedAddressFamily, [])
            default: break
            }
        }
        let expected = Self.table.expected(trial)
        #expect(answer?.error == expected)
        if expected == nil {
            let granted: UInt32 = trial["lifetime"] == "0" ? 0 : trial["lifetime"] == "700" ? 700 : 600
            #expect(try answer?.first(Lifetime.self)?.seconds == granted)
            #expect(relay.tables == (granted == 0 ? [:] : tables))
        } else {
            #expect(relay.tables == tables)
        }
        #expect(relay.engine.violatedInvariant() == nil)
    }

    /// RFC 8656 §7.2 and §8.2: between ten minutes and the maximum.
    @Test(
        arguments: [
            (nil, 600), (1, 600), (599, 600), (600, 600), (601, 601), (3599, 3599), (3600, 3600), (3601, 3600),
            (UInt32.max, 3600),
        ] as [(UInt32?, UInt32)]
    )
    func grantsWhatIsAskedForWithinBounds(asked: UInt32?, granted: UInt32) throws {
        var relay = try TestRelay()
        let allocated = try relay.allocate { if let asked { try $0.append(Lifetime(seconds: asked)) } }
        #expect(try allocated?.first(Lifetime.self)?.seconds == granted)
        #expect(try relay.refresh(asked)?.first(Lifetime.self)?.seconds == granted)
        relay.pass(nanoseconds: UInt64(granted) * 1_000_000_000 - 1)
        #expect(relay.tables["allocations"] == 1)
        relay.pass(nanoseconds: 1)
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
    }

    @Test func zeroInAllocateIsTheDefault() throws {
        var relay = try TestRelay()
        let allocated = try relay.allocate { try $0.append(Lifetime(seconds: 0)) }
        #expect(try allocated?.first(Lifetime.self)?.seconds == 600)
    }

    @Test func theMaximumIsTheOperators() throws {
        var relay = try TestRelay { $0.maximumLifetime = 1000 }
        let allocated = try relay.allocate { try $0.append(Lifetime(seconds: 2000)) }
        #expect(try allocated?.first(Lifetime.self)?.seconds == 1000)
    }

    @Test func nothingOutlivesItsCredential() throws {
        let credentials = TimeLimitedCredentials(secrets: ["secret"])
        var relay = try TestRelay(providers: [credentials])
        let (user, password) = credentials.issue(for: "kim", until: relay.now.unix + 100)
        let allocated = try relay.allocate(user: user, password: password)
        #expect(try allocated?.first(Lifetime.self)?.seconds == 100)
        #expect(try relay.permit(TestRelay.peer, user: user, password: password)?.isSuccess == true)
        relay.pass(seconds: 90)
        let refreshed = try relay.refresh(3600, user: user, password: password)
        #expect(try refreshed?.first(Lifetime.self)?.seconds == 10)
        relay.pass(seconds: 9)
        #expect(relay.tables["allocations"] == 1)
        relay.pass(seconds: 1)
        #expect(relay.tables == [:])
        #expect(try relay.refresh(user: user, password: password)?.error == 401)
    }

    @Test func anExtensionCounts() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        for _ in 0..<5 {
            relay.pass(seconds: 599)
            #expect(try relay.refresh()?.isSuccess == true)
            #expect(relay.engine.violatedInvariant() == nil)
        }
        relay.pass(nanoseconds: 599_999_999_999)
        #expect(relay.tables["allocations"] == 1)
        relay.pass(nanoseconds: 1)
        #expect(relay.tables == [:])
    }

    @Test func aShorterTimeCounts() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        _ = try relay.refresh(600)
        relay.pass(seconds: 600)
        #expect(relay.tables == [:])
    }

    @Test func aReleaseIsRepeatedAs437() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        #expect(try relay.refresh(0)?.isSuccess == true)
        #expect(relay.sockets.isEmpty)
        #expect(try relay.refresh(0)?.error == 437)
        #expect(try relay.allocate()?.isSuccess == true)
    }

    @Test func whatIsEndedIsForgotten() throws {
        var relay = try TestRelay()
        for round in 0..<3 {
            #expect(try relay.allocate()?.isSuccess == true)
            #expect(try relay.bind(0x4000)?.isSuccess == true)
            let socket = try relay.onlySocket()
            #expect(try relay.refresh(0)?.isSuccess == true)
            #expect(relay.tables == [:])
            #expect(relay.sendChannelData([1]) == .drop(.noAllocation))
            #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noRelay))
            #expect(try relay.bind(0x4000)?.error == 437, "\(round)")
        }
    }

    /// A slot's next allocation must not end at the time of the one before.
    @Test func timersOfEarlierAllocationsDoNothing() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        relay.pass(seconds: 300)
        _ = try relay.refresh(0)
        _ = try relay.allocate()
        relay.pass(seconds: 300)
        #expect(relay.tables["allocations"] == 1)
        relay.pass(seconds: 299)
        #expect(relay.tables["allocations"] == 1)
        relay.pass(seconds: 1)
        #expect(relay.tables == [:])
    }
}
