import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct ChannelBindTests {
    private static let other = TransportAddress(ip: IPAddress(ipv4: 0x0101_0102), port: 7000)

    private static let peers: [String: TransportAddress] = {
        var peers = ["new": TestRelay.peer, "bound": other]
        for (name, text, port) in [
            ("IPv6", "2606:4700::1", 9), ("mapped", "::ffff:1.1.1.1", 9), ("denied", "10.0.0.1", 9),
            ("port 0", "1.1.1.1", 0),
        ] as [(String, String, UInt16)] {
            peers[name] = IPAddress(text).map { TransportAddress(ip: $0, port: port) }
        }
        return peers
    }()

    /// RFC 8656 §12.2.
    private static let table = RequestTable(
        factors: RequestTable.common + [
            ("state", ["own", "none", "other user's", "TCP"]),
            ("number", ["new", "missing", "malformed", "3FFF", "8000", "bound"]),
            ("peer", ["new", "missing", "malformed", "bound", "IPv6", "mapped", "denied", "port 0"]),
            ("channels", ["free", "full"]), ("permissions", ["free", "full"]),
        ],
        rules: RequestTable.commonRules + [
            .init(437, "state", "none"), .init(441, "state", "other user's"),
            .init(400, "number", "missing", "malformed", "3FFF", "8000"),
            .init(400, "peer", "missing", "malformed"), .init(400, "state", "TCP"),
            .init(400) { ($0["number"] == "bound") != ($0["peer"] == "bound") },
            .init(443, "peer", "IPv6", "mapped"), .init(403, "peer", "denied", "port 0"),
            .init(508) { $0["channels"] == "full" && $0["peer"] == "new" },
            .init(508) { $0["permissions"] == "full" && $0["peer"] == "new" },
        ]
    )

    @Test(arguments: table.trials)
    func checksInOrder(trial: Trial) throws {
        let needsOther = [trial["number"], trial["peer"]].contains("bound") || trial["channels"] == "full"
        var relay = try TestRelay {
            $0.maximumChannels = trial["channels"] == "full" ? 1 : 10
            $0.maximumPermissions = trial["permissions"] == "full" ? 1 : 10
        }
        let listener = trial["state"] == "TCP" ? relay.tcp : relay.udp
        switch trial["state"] {
        case "own": #expect(try relay.allocate()?.isSuccess == true)
        case "other user's": #expect(try relay.allocate(user: "other", password: "word")?.isSuccess == true)
        case "TCP":
            let allocated = try relay.request(.allocate, over: listener) { try $0.append(RequestedTransport.tcp) }
            #expect(allocated?.isSuccess == true)
        default: break
        }
        if trial["state"] == "own" {
            if needsOther { #expect(try relay.bind(0x4FFF, to: Self.other)?.isSuccess == true) }
            if trial["permissions"] == "full" { #expect(try relay.permit(Self.other)?.isSuccess == true) }
        }
        let tables = relay.tables
        let numbers: [String: UInt16] = ["new": 0x4000, "3FFF": 0x3FFF, "8000": 0x8000, "bound": 0x4FFF]
        let answer = try relay.request(.channelBind, over: listener, signature: trial.signature) { writer in
            try writer.appendUnknown(trial)
            if let number = numbers[trial["number"]] { try writer.append(ChannelNumber(number)) }
            if trial["number"] == "malformed" { try writer.append(.channelNumber, [0x40, 0]) }
            if let peer = Self.peers[trial["peer"]] { try writer.append(XORPeerAddress(peer)) }
            if trial["peer"] == "malformed" { try writer.append(.xorPeerAddress, [0, 1, 0, 0, 1, 1, 1]) }
        }
        #expect(answer?.error == Self.table.expected(trial))
        if answer?.isSuccess != true { #expect(relay.tables == tables) }
        #expect(relay.engine.violatedInvariant() == nil)
    }

    /// RFC 8656 §12: 600 s, extended by ChannelBind and by nothing else.
    @Test func endsAfterTenMinutes() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        _ = try relay.bind(0x4000)
        let socket = try relay.onlySocket()
        relay.pass(nanoseconds: 599_999_999_999)
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).1 == [0x40, 0, 0, 1, 1])
        relay.pass(nanoseconds: 1)
        #expect(relay.sendChannelData([1]) == .drop(.noChannel))
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noPermission))
    }

    @Test func isExtendedByBindingAgain() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        for _ in 0..<4 {
            #expect(try relay.bind(0x4000)?.isSuccess == true)
            relay.pass(nanoseconds: 599_999_999_999)
            guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
            #expect(relay.tables["numbers"] == 1)
            #expect(relay.engine.violatedInvariant() == nil)
        }
        relay.pass(nanoseconds: 1)
        #expect(relay.sendChannelData([1]) == .drop(.noChannel))
    }

    @Test func numberAndPeerAreFreeAgainWhenTheChannelHasEnded() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        #expect(try relay.bind(0x4000)?.isSuccess == true)
        #expect(try relay.bind(0x4000, to: Self.other)?.error == 400)
        #expect(try relay.bind(0x4001)?.error == 400)
        relay.pass(nanoseconds: 599_999_999_999)
        #expect(try relay.bind(0x4000, to: Self.other)?.error == 400)
        relay.pass(nanoseconds: 1)
        #expect(try relay.bind(0x4000, to: Self.other)?.isSuccess == true)
        #expect(try relay.bind(0x4001)?.isSuccess == true)
        #expect(relay.engine.violatedInvariant() == nil)
        guard case .relay(let first) = relay.sendChannelData([1], 0x4000),
            case .relay(let second) = relay.sendChannelData([1], 0x4001)
        else { throw Missing() }
        #expect(first.peer == Self.other)
        #expect(second.peer == TestRelay.peer)
    }

    /// The one deviation, which `requiresPermissionForChannels` switches off.
    @Test(arguments: [false, true])
    func aLiveChannelAdmitsItsExactPeerAfterThePermission(isStrict: Bool) throws {
        var relay = try TestRelay { $0.requiresPermissionForChannels = isStrict }
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        let socket = try relay.onlySocket()
        let otherPort = TransportAddress(ip: TestRelay.peer.ip, port: 7001)
        relay.pass(nanoseconds: 299_999_999_999)
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).1 == [0x40, 0, 0, 1, 1])
        guard case .deliver = relay.receive([1], fromPeer: otherPort, on: socket).0 else { throw Missing() }
        relay.pass(nanoseconds: 1)
        let (answer, bytes) = relay.receive([1], fromPeer: TestRelay.peer, on: socket)
        if isStrict {
            #expect(answer == .drop(.noPermission))
        } else {
            #expect(bytes == [0x40, 0, 0, 1, 1])
        }
        #expect(relay.receive([1], fromPeer: otherPort, on: socket).0 == .drop(.noPermission))
        #expect(try relay.send([1]) == .drop(.noPermission))
        // RFC 8656 §12.6 asks for no permission in this direction.
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
    }

    @Test(arguments: [0x4FFF: true, 0x5000: false] as [UInt16: Bool])
    func theRangeOfRFC8656CanBeDemanded(number: UInt16, isTaken: Bool) throws {
        var relay = try TestRelay { $0.channelNumbers = ChannelNumber.range }
        _ = try relay.allocate()
        #expect(try relay.bind(number)?.isSuccess == isTaken)
    }

    @Test(arguments: [0x4000, 0x4FFF, 0x5000, 0x7FFF] as [UInt16])
    func takesTheEndsOfTheRange(number: UInt16) throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        #expect(try relay.bind(number)?.isSuccess == true)
        guard case .relay = relay.sendChannelData([1], number) else { throw Missing() }
    }

    @Test func twoPortsOfAHostHaveTwoChannelsAndOnePermission() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        #expect(try relay.bind(0x4000)?.isSuccess == true)
        #expect(try relay.bind(0x4001, to: TransportAddress(ip: TestRelay.peer.ip, port: 1))?.isSuccess == true)
        #expect(relay.tables["permissions"] == 1)
        #expect(relay.tables["numbers"] == 2)
    }

    @Test func theLastChannelThatThereIsRoomFor() throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }
        for number in 0..<UInt16(256) {
            #expect(
                try relay.bind(0x4000 + number, to: TransportAddress(ip: TestRelay.peer.ip, port: 1 + number))?
                    .isSuccess == true
            )
        }
        #expect(try relay.bind(0x4100, to: Self.other)?.error == 508)
        #expect(try relay.bind(0x4000, to: TransportAddress(ip: TestRelay.peer.ip, port: 1))?.isSuccess == true)
        relay.pass(seconds: 600)
        #expect(try relay.bind(0x4100, to: Self.other)?.isSuccess == true)
        #expect(relay.tables["numbers"] == 1)
        #expect(relay.engine.violatedInvariant() == nil)
    }
}
