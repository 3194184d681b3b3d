import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct PeerDataTests {
    private static let counts = [0, 1, 2, 3, 4, 5, 1200]

    @Test(arguments: counts, [false, true])
    func channelDataIsPaddedInStreamsOnly(count: Int, isStream: Bool) throws {
        var relay = try TestRelay()
        let listener = isStream ? relay.tcp : relay.udp
        _ = try relay.allocate(over: listener)
        _ = try relay.bind(0x4123, over: listener)
        let payload = [UInt8](repeating: 7, count: count)
        let (answer, bytes) = relay.receive(payload, fromPeer: TestRelay.peer, on: try relay.onlySocket())
        let padding = isStream ? -count & 3 : 0
        #expect(answer == .deliver(to: relay.flow(over: listener), headerLength: 4, padding: padding))
        #expect(
            bytes == [0x41, 0x23, UInt8(count >> 8), UInt8(count & 255)] + payload + Array(repeating: 0, count: padding)
        )
    }

    @Test(arguments: counts, [TestRelay.peer, TestRelay.ipv6Peer])
    func dataIndicationsAreWhatAnybodyWouldWrite(count: Int, peer: TransportAddress) throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(RequestedAddressFamily(peer.family)) }
        _ = try relay.permit(peer)
        let payload = [UInt8](repeating: 7, count: count)
        let (answer, bytes) = relay.receive(payload, fromPeer: peer, on: try relay.onlySocket())
        guard case .deliver(let flow, _, _) = answer else { throw Missing() }
        #expect(flow == relay.flow())
        let message = try STUNMessage(bytes.span)
        let id = message.transactionID
        var writer = STUNMessageWriter(MessageType(.indication, .data), transactionID: id)
        try writer.append(XORPeerAddress(peer))
        try writer.append(.data, payload)
        let expected = Array(buffer: writer.finish())
        #expect(bytes == expected)
    }

    @Test func aDatagramThatNoMessageHoldsIsDropped() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.permit(TestRelay.peer)
        let socket = try relay.onlySocket()
        let fits = [UInt8](repeating: 1, count: 65_516)
        guard case .deliver = relay.receive(fits, fromPeer: TestRelay.peer, on: socket).0 else { throw Missing() }
        #expect(relay.receive(fits + [1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.malformed))
    }

    @Test func theExactPeerHasTheChannelAndOthersOfTheHostDoNot() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        let socket = try relay.onlySocket()
        let other = TransportAddress(ip: TestRelay.peer.ip, port: 1)
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).1.first == 0x40)
        #expect(relay.receive([1], fromPeer: other, on: socket).1.first == 0)
    }

    /// Behind a NAT that maps one to one, clients know relays by public addresses and sockets by local ones.
    @Test func twoRelaysBehindANATReachEachOther() throws {
        let local = IPAddress(ipv4: 0x0A00_0005)
        var relay = try TestRelay { configuration in
            configuration.relayAddresses = [.init(TestRelay.relayAddress, local: local)]
            configuration.policy = PeerPolicy(relayAddresses: [TestRelay.relayAddress, local])
        }
        let first = try #require(try relay.allocate()?.first(XORRelayedAddress.self)?.address)
        let second = try #require(
            try relay.allocate(from: TestRelay.client(2))?.first(XORRelayedAddress.self)?.address
        )
        #expect(first.ip == TestRelay.relayAddress)
        let socket = try relay.socket(at: TransportAddress(ip: local, port: second.port))
        #expect(try relay.permit(second)?.isSuccess == true)
        #expect(try relay.permit(first, from: TestRelay.client(2))?.isSuccess == true)
        guard case .relay(let relayed) = try relay.send([1], to: second) else { throw Missing() }
        #expect(relayed.peer == TransportAddress(ip: local, port: second.port))
        let (_, bytes) = relay.receive([1], fromPeer: TransportAddress(ip: local, port: first.port), on: socket)
        #expect(try STUNMessage(bytes.span).first(XORPeerAddress.self)?.address == first)
        // Also by a channel.
        #expect(try relay.bind(0x4000, to: second)?.isSuccess == true)
        guard case .relay(let channel) = relay.sendChannelData([1]) else { throw Missing() }
        #expect(channel.peer == TransportAddress(ip: local, port: second.port))
        let back = relay.receive(
            [1],
            fromPeer: TransportAddress(ip: local, port: second.port),
            on: try relay.socket(at: TransportAddress(ip: local, port: first.port))
        )
        #expect(back.1 == [0x40, 0, 0, 1, 1])
    }
}

@Suite struct ICMPTests {
    @Test(
        arguments: [
            (3, true), (11, true), (0, false), (4, false), (5, false), (8, false), (12, false), (1, false), (2, false),
        ] as [(UInt8, Bool)]
    )
    func reportsForIPv4(type: UInt8, isReported: Bool) throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.permit(TestRelay.peer)
        let socket = try relay.onlySocket()
        relay.engine.peerUnreachable(TestRelay.peer, from: socket, type: type, code: 4, data: 1280, at: relay.now)
        relay.drain()
        guard isReported else {
            #expect(relay.outputs.isEmpty)
            return
        }
        guard case .send(let flow, let buffer) = relay.outputs.first else { throw Missing() }
        #expect(flow == relay.flow())
        let indication = try TestAnswer(buffer)
        #expect(indication.type == MessageType(.indication, .data))
        #expect(indication.types == [.xorPeerAddress, .icmp])
        #expect(try indication.first(XORPeerAddress.self)?.address == TestRelay.peer)
        let icmp = try #require(try indication.first(ICMP.self))
        #expect((icmp.icmpType, icmp.code, icmp.data) == (type, 4, 1280))
    }

    @Test(
        arguments: [(1, true), (2, true), (3, true), (0, false), (4, false), (128, false), (11, false)]
            as [(UInt8, Bool)]
    )
    func reportsForIPv6(type: UInt8, isReported: Bool) throws {
        var relay = try TestRelay()
        _ = try relay.allocate { try $0.append(RequestedAddressFamily(.ipv6)) }
        _ = try relay.permit(TestRelay.ipv6Peer)
        let socket = try relay.onlySocket()
        relay.engine.peerUnreachable(TestRelay.ipv6Peer, from: socket, type: type, code: 0, data: 0, at: relay.now)
        relay.drain()
        #expect(relay.outputs.count == (isReported ? 1 : 0))
    }

    @Test func asksForAPermission() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        let socket = try relay.onlySocket()
        relay.engine.peerUnreachable(TestRelay.peer, from: socket, type: 3, code: 3, data: 0, at: relay.now)
        _ = try relay.permit(TestRelay.peer)
        relay.pass(seconds: 300)
        relay.engine.peerUnreachable(TestRelay.peer, from: socket, type: 3, code: 3, data: 0, at: relay.now)
        relay.drain()
        #expect(relay.outputs.isEmpty)
    }

    /// A failure for one peer harms neither the allocation nor its other peers.
    @Test func nothingElseHappens() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        let tables = relay.tables
        let socket = try relay.onlySocket()
        relay.engine.peerUnreachable(TestRelay.peer, from: socket, type: 3, code: 1, data: 0, at: relay.now)
        relay.drain()
        #expect(relay.tables == tables)
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
    }
}
