import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct AllocateTests {
    /// RFC 8656 §7.2, RFC 6062 §5.1 and RFC 8016 §3.2.1.
    private static let table = RequestTable(
        factors: RequestTable.common + [
            ("state", ["free", "own", "other user's"]),
            ("transport", ["UDP", "missing", "malformed", "ICMP", "TCP"]),
            ("even port", ["none", "malformed", "even", "pair"]),
            ("token", ["none", "malformed", "made up"]), ("ticket", ["none", "wanted"]),
            ("family", ["none", "IPv4", "IPv6", "3", "malformed"]),
            ("additional", ["none", "IPv6", "IPv4", "malformed"]),
            ("lifetime", ["none", "700", "malformed"]), ("quota", ["free", "full"]), ("alternate", ["none", "set"]),
        ],
        rules: [.init(300) { $0["signature"] == "missing" && $0["alternate"] == "set" }] + RequestTable.commonRules + [
            .init(437, "state", "own", "other user's"), .init(400, "transport", "missing", "malformed"),
            .init(442, "transport", "ICMP"),
            .init(400, "even port", "malformed"), .init(400, "token", "malformed"),
            // By UDP nobody gets a TCP relay.
            .init(400, "transport", "TCP"), .init(405, "ticket", "wanted"),
            .init(400, "family", "malformed"), .init(400, "additional", "malformed"),
            .init(400) { trial in
                trial["token"] == "made up" && ["even port", "family", "additional"].contains { trial[$0] != "none" }
            },
            .init(508, "token", "made up"),
            .init(400) { $0["family"] != "none" && $0["additional"] != "none" }, .init(440, "family", "3"),
            .init(400) { $0["even port"] == "pair" && $0["additional"] != "none" },
            .init(400, "additional", "IPv4"), .init(400, "lifetime", "malformed"),
            .init(486, "quota", "full"), .init(300, "alternate", "set"),
        ]
    )

    /// Whoever has shown nothing yet is sent away at once; and an allocation can't have been made by a server that sends everybody away.
    private static let trials = table.trials.filter { $0["alternate"] == "none" || $0["state"] == "free" }

    @Test(arguments: trials)
    func checksInOrder(trial: Trial) throws {
        let quotas = AllocationQuotas(perUser: 2)
        var relay = try TestRelay { configuration in
            configuration.quotas = quotas
            if trial["alternate"] == "set" { configuration.alternateServer = TestRelay.peer }
        }
        switch trial["state"] {
        case "own": #expect(try relay.allocate()?.isSuccess == true)
        case "other user's": #expect(try relay.allocate(user: "other", password: "word")?.isSuccess == true)
        default: break
        }
        if trial["quota"] == "full" {
            while quotas.admit(QuotaAccount(user: "user", client: TestRelay.client().ip)) == nil {}
        }
        let before = (quotas.count, relay.sockets)
        let answer = try relay.request(.allocate, signature: trial.signature) { try Self.append(trial, to: &$0) }
        #expect(answer?.error == Self.table.expected(trial))
        #expect(answer?.isSuccess == (Self.table.expected(trial) == nil))
        if answer?.isSuccess != true {
            #expect(quotas.count == before.0)
            #expect(relay.sockets == before.1)
        }
        #expect(relay.engine.violatedInvariant() == nil)
    }

    private static func append(_ trial: Trial, to writer: inout STUNMessageWriter) throws {
        try writer.appendUnknown(trial)
        let families: [String: UInt8] = ["IPv4": 1, "IPv6": 2, "3": 3]
        let values: [(AttributeType, [UInt8]?)] = [
            (.requestedTransport, ["UDP": 17, "ICMP": 1, "TCP": 6][trial["transport"]].map { [$0, 0, 0, 0] }),
            (.evenPort, ["even": 0, "pair": 0x80][trial["even port"]].map { [$0] }),
            (.reservationToken, trial["token"] == "made up" ? [1, 2, 3, 4, 5, 6, 7, 0] : nil),
            (.mobilityTicket, trial["ticket"] == "wanted" ? [] : nil),
            (.requestedAddressFamily, families[trial["family"]].map { [$0, 0, 0, 0] }),
            (.additionalAddressFamily, families[trial["additional"]].map { [$0, 0, 0, 0] }),
            (.lifetime, trial["lifetime"] == "700" ? [0, 0, 2, 0xBC] : nil),
        ]
        for (type, value) in values {
            if let value { try writer.append(type, value) }
        }
        let malformed: [(String, AttributeType)] = [
            ("transport", .requestedTransport), ("even port", .evenPort), ("token", .reservationToken),
            ("family", .requestedAddressFamily), ("additional", .additionalAddressFamily), ("lifetime", .lifetime),
        ]
        for (factor, type) in malformed where trial[factor] == "malformed" {
            try writer.append(type, [1, 2, 3])
        }
    }

    @Test func anUnknownAttributeIsNamedOnce() throws {
        var relay = try TestRelay()
        let answer = try relay.allocate { writer in
            for type: UInt16 in [0x7FFF, 0x0055, 0x7FFF, 0xFFFF] {
                try writer.append(AttributeType(rawValue: type), [])
            }
        }
        #expect(answer?.error == 420)
        #expect(
            try answer?.first(UnknownAttributes.self)?.types
                == [AttributeType(rawValue: 0x7FFF), AttributeType(rawValue: 0x55)]
        )
    }

    @Test func theAnswerHasWhatClientsNeedAndNothingElse() throws {
        var relay = try TestRelay()
        let answer = try #require(try relay.allocate())
        #expect(
            answer.types == [.xorRelayedAddress, .lifetime, .xorMappedAddress, .messageIntegrity]
        )
        #expect(try answer.first(XORMappedAddress.self)?.address == TestRelay.client())
        let address = try #require(try answer.first(XORRelayedAddress.self)?.address)
        #expect(address.ip == TestRelay.relayAddress)
        _ = try relay.socket(at: address)
    }

    @Test(arguments: [true, false])
    func theAnswerHasFingerprintIfTheRequestHas(has: Bool) throws {
        var relay = try TestRelay()
        var writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        if has { try writer.appendFingerprint() }
        let bytes = Array(buffer: writer.finish())
        #expect(relay.receive(bytes, from: relay.flow()) == .answer(from: relay.udp))
        #expect(try TestAnswer(relay.engine.answer).types.contains(.fingerprint) == has)
    }

    @Test func aRetransmissionGetsTheSameAnswer() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let id = TransactionID.random()
        let bytes = try relay.makeRequest(.allocate, from: TestRelay.client(), id) { writer in
            try writer.append(RequestedTransport.udp)
            try writer.append(MobilityTicket())
            try writer.append(EvenPort(reservesNext: true))
        }
        let flow = relay.flow()
        #expect(relay.receive(bytes, from: flow) == .answer(from: relay.udp))
        let first = try TestAnswer(relay.engine.answer)
        #expect(first.isSuccess)
        let tables = relay.tables
        #expect(relay.receive(bytes, from: flow) == .answer(from: relay.udp))
        #expect(try TestAnswer(relay.engine.answer).bytes == first.bytes)
        #expect(relay.tables == tables)
        #expect(relay.sockets.count == 2)
        // Later it says how long the allocation still lasts.
        relay.pass(seconds: 100)
        let later = try relay.request(.allocate, transactionID: id) { try $0.append(RequestedTransport.udp) }
        #expect(later?.isSuccess == true)
        #expect(try later?.first(Lifetime.self)?.seconds == 500)
        #expect(try later?.first(XORRelayedAddress.self) == first.first(XORRelayedAddress.self))
    }

    @Test func anotherTransactionOrUserIsNoRetransmission() throws {
        var relay = try TestRelay()
        let id = TransactionID.random()
        let body = { (writer: inout STUNMessageWriter) throws in try writer.append(RequestedTransport.udp) }
        #expect(try relay.request(.allocate, transactionID: id, body)?.isSuccess == true)
        #expect(try relay.request(.allocate, body)?.error == 437)
        let other = try relay.request(.allocate, user: "other", password: "word", transactionID: id, body)
        #expect(other?.error == 437)
    }

    @Test func flowsDifferByTransportAndListener() throws {
        var relay = try TestRelay()
        let second = relay.engine.register(.udp, at: TransportAddress(ip: TestRelay.relayAddress, port: 3479))
        for listener in [relay.udp, relay.tcp, second] {
            #expect(try relay.allocate(over: listener)?.isSuccess == true)
        }
        #expect(relay.sockets.count == 3)
        relay.engine.clientDisconnected(relay.flow(over: relay.tcp))
        relay.drain()
        #expect(relay.sockets.count == 2)
        #expect(try relay.refresh()?.isSuccess == true)
        #expect(try relay.refresh(over: relay.tcp)?.error == 437)
    }

    @Test func listenersAreFoundAgain() throws {
        var relay = try TestRelay()
        #expect(relay.engine.register(.udp, at: TestRelay.server) == relay.udp)
        let mapped = TransportAddress(ip: IPAddress(ipv6High: 0, low: 0xFFFF_2D00_0001), port: 3478)
        #expect(relay.engine.register(.udp, at: mapped) == relay.udp)
        #expect(relay.engine.register(.tls, at: TestRelay.server) != relay.tcp)
    }
}
