import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct PermissionTests {
    /// What stands in XOR-PEER-ADDRESS, by the names of the trials.
    private static let peers: [String: [String]] = [
        "one": ["1.1.1.1"], "two": ["1.1.1.1", "1.1.1.2"], "none": [], "malformed": ["?"], "denied": ["10.0.0.1"],
        "IPv6": ["2606:4700::1"], "mapped": ["::ffff:1.1.1.1"], "good, then malformed": ["1.1.1.1", "?"],
        "denied, then malformed": ["10.0.0.1", "?"], "IPv6, then malformed": ["2606:4700::1", "?"],
        "denied, then IPv6": ["10.0.0.1", "2606:4700::1"], "good, then denied": ["1.1.1.1", "10.0.0.1"],
    ]

    /// RFC 8656 §10.2: form, family, policy, room.
    private static let table = RequestTable(
        factors: RequestTable.common + [
            ("state", ["own", "none", "other user's"]),
            ("peers", ["one"] + peers.keys.filter { $0 != "one" }.sorted()), ("room", ["enough", "none"]),
        ],
        rules: RequestTable.commonRules + [
            .init(437, "state", "none"), .init(441, "state", "other user's"),
            .init(400) { peers[$0["peers"]]?.isEmpty != false || peers[$0["peers"]]?.contains("?") == true },
            .init(443, "peers", "IPv6", "mapped", "denied, then IPv6"),
            .init(403, "peers", "denied", "good, then denied"), .init(508, "room", "none"),
        ]
    )

    @Test(arguments: table.trials)
    func checksInOrder(trial: Trial) throws {
        var relay = try TestRelay { $0.maximumPermissions = 3 }
        switch trial["state"] {
        case "own": #expect(try relay.allocate { try $0.append(RequestedAddressFamily(.ipv4)) }?.isSuccess == true)
        case "other user's": #expect(try relay.allocate(user: "other", password: "word")?.isSuccess == true)
        default: break
        }
        if trial["state"] == "own", trial["room"] == "none" {
            for number: UInt32 in 1...3 {
                let host = TransportAddress(ip: IPAddress(ipv4: 0x0909_0900 + number), port: 1)
                #expect(try relay.permit(host)?.isSuccess == true)
            }
        }
        let tables = relay.tables
        let peers = try #require(Self.peers[trial["peers"]])
        let answer = try relay.request(.createPermission, signature: trial.signature) { writer in
            try writer.appendUnknown(trial)
            for peer in peers {
                if let ip = IPAddress(peer) {
                    try writer.append(XORPeerAddress(TransportAddress(ip: ip, port: 0)))
                } else {
                    try writer.append(.xorPeerAddress, [0, 1, 0])
                }
            }
        }
        #expect(answer?.error == Self.table.expected(trial))
        if answer?.isSuccess == true {
            #expect(relay.tables["permissions"] == peers.count)
        } else {
            #expect(relay.tables == tables, "all or none")
        }
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test func isForAHostAndEveryPort() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        let socket = try relay.onlySocket()
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noPermission))
        #expect(try relay.send([1]) == .drop(.noPermission))
        #expect(try relay.permit(TestRelay.peer)?.isSuccess == true)
        let otherPort = TransportAddress(ip: TestRelay.peer.ip, port: 9)
        for peer in [TestRelay.peer, otherPort] {
            guard case .deliver = relay.receive([1], fromPeer: peer, on: socket).0 else {
                Issue.record("\(peer) is not let in")
                continue
            }
            guard case .relay(let relayed) = try relay.send([1], to: peer) else {
                Issue.record("\(peer) is not sent to")
                continue
            }
            #expect(relayed.peer == peer)
        }
        let otherHost = TransportAddress(ip: IPAddress(ipv4: 0x0101_0102), port: 7000)
        #expect(relay.receive([1], fromPeer: otherHost, on: socket).0 == .drop(.noPermission))
        #expect(try relay.send([1], to: otherHost) == .drop(.noPermission))
    }

    @Test func isNoOtherAllocations() throws {
        var relay = try TestRelay()
        let other = TestRelay.client(2)
        _ = try relay.allocate()
        let socket = try relay.onlySocket()
        _ = try relay.allocate(from: other)
        #expect(try relay.permit(TestRelay.peer)?.isSuccess == true)
        #expect(try relay.send([1], from: other) == .drop(.noPermission))
        for (id, _) in relay.sockets where id != socket {
            #expect(relay.receive([1], fromPeer: TestRelay.peer, on: id).0 == .drop(.noPermission))
        }
    }

    /// RFC 8656 §9: 300 s, extended by CreatePermission and ChannelBind and by nothing else.
    @Test func endsAfterFiveMinutesWhateverIsSent() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.permit(TestRelay.peer)
        let socket = try relay.onlySocket()
        for _ in 0..<3 {
            relay.pass(nanoseconds: 99_999_999_999)
            guard case .relay = try relay.send([1]) else { throw Missing() }
            guard case .deliver = relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 else { throw Missing() }
        }
        relay.pass(nanoseconds: 2)
        guard case .relay = try relay.send([1]) else { throw Missing() }
        relay.pass(nanoseconds: 1)
        #expect(try relay.send([1]) == .drop(.noPermission))
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noPermission))
        #expect(try relay.permit(TestRelay.peer)?.isSuccess == true)
        guard case .relay = try relay.send([1]) else { throw Missing() }
    }

    @Test func isExtended() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        for extended in [0, 1, 2] {
            #expect(
                try extended == 2
                    ? relay.bind(0x4000)?.isSuccess == true : relay.permit(TestRelay.peer)?.isSuccess == true
            )
            relay.pass(nanoseconds: 299_999_999_999)
            guard case .relay = try relay.send([1]) else { throw Missing() }
            #expect(relay.tables["permissions"] == 1)
        }
        relay.pass(nanoseconds: 1)
        #expect(try relay.send([1]) == .drop(.noPermission))
    }

    @Test func endedOnesMakeRoom() throws {
        var relay = try TestRelay { $0.maximumPermissions = 2 }
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        let hosts = (1...4).map { TransportAddress(ip: IPAddress(ipv4: 0x0909_0900 + $0), port: 1) }
        #expect(try relay.permit(hosts[0], hosts[1], hosts[0])?.isSuccess == true)
        #expect(try relay.permit(hosts[2])?.error == 508)
        #expect(try relay.permit(hosts[0], hosts[1], hosts[2])?.error == 508)
        relay.pass(seconds: 200)
        #expect(try relay.permit(hosts[1])?.isSuccess == true)
        relay.pass(seconds: 100)
        #expect(try relay.permit(hosts[2])?.isSuccess == true)
        #expect(try relay.permit(hosts[3])?.error == 508)
        #expect(relay.engine.violatedInvariant() == nil)
        #expect(try relay.send([1], to: hosts[0]) == .drop(.noPermission))
        guard case .relay = try relay.send([1], to: hosts[1]) else { throw Missing() }
    }
}
