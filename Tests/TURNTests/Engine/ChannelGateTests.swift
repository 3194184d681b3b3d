import Testing

@testable import STUN
@testable import TURN

/// Channels whose peer is a relay of this server, and what happens when that relay ends.
@Suite struct ChannelGateTests {
    private static let local = IPAddress(ipv4: 0x0A00_0005)

    /// Each way in which a relay has an address: the one it is bound to, one behind a NAT, and IPv6.
    enum Address: CaseIterable {
        case own
        case behindNAT
        case ipv6
    }

    enum Reach: CaseIterable {
        case open
        case ownRelays

        var policy: PeerPolicy.Reach { self == .open ? .public : .ownRelays }
    }

    /// Two allocations on ports of their own; the first has a channel to the second.
    private struct Pair: ~Copyable {
        var relay: TestRelay
        let first: TransportAddress
        let second: TransportAddress
    }

    private static func makePair(_ address: Address, _ reach: Reach) throws -> Pair {
        let ip = address == .ipv6 ? TestRelay.ipv6RelayAddress : TestRelay.relayAddress
        var relay = try TestRelay { configuration in
            let local = address == .behindNAT ? Self.local : ip
            configuration.relayAddresses = [.init(ip, local: local)]
            configuration.relayPorts = 50_000...50_001
            configuration.policy = PeerPolicy(
                reach: reach.policy,
                relayAddresses: [ip, local],
                relayPorts: 50_000...50_001
            )
        }
        let first = try Self.allocate(&relay, 1)
        let second = try Self.allocate(&relay, 2)
        #expect(try relay.bind(0x4000, to: second)?.isSuccess == true)
        return Pair(relay: relay, first: first, second: second)
    }

    private static func allocate(_ relay: inout TestRelay, _ number: UInt32) throws -> TransportAddress {
        let answer = try relay.allocate(from: TestRelay.client(number))
        return try #require(try answer?.first(XORRelayedAddress.self)?.address)
    }

    /// What sockets see of a relay.
    private static func source(_ address: TransportAddress, _ kind: Address) -> TransportAddress {
        kind == .behindNAT ? TransportAddress(ip: local, port: address.port) : address
    }

    @Test(arguments: Address.allCases, Reach.allCases)
    func relaysReachEachOtherBothWays(address: Address, reach: Reach) throws {
        var pair = try Self.makePair(address, reach)
        let (first, second) = (pair.first, pair.second)
        #expect(try pair.relay.bind(0x4001, to: first, from: TestRelay.client(2))?.isSuccess == true)
        for (number, channel, own, other) in [(1, 0x4000, first, second), (2, 0x4001, second, first)]
            as [(UInt32, UInt16, TransportAddress, TransportAddress)]
        {
            guard
                case .relay(let relayed) = pair.relay.sendChannelData([7], channel, from: TestRelay.client(number))
            else { throw Missing() }
            #expect(relayed.peer == Self.source(other, address))
            let socket = try pair.relay.socket(at: Self.source(own, address))
            let (_, bytes) = pair.relay.receive([7], fromPeer: Self.source(other, address), on: socket)
            #expect(bytes.prefix(5) == [UInt8(channel >> 8), UInt8(channel & 0xFF), 0, 1, 7])
        }
    }

    /// Another program's socket gets the port: it hears nothing and is not heard.
    ///
    /// Nor is the network's word about it passed on. And the channel does not lead to the next relay at the port, until
    /// it is bound again.
    @Test(arguments: Address.allCases, Reach.allCases)
    func channelsEndWithTheRelayThatTheyLeadTo(address: Address, reach: Reach) throws {
        var pair = try Self.makePair(address, reach)
        let (first, second) = (pair.first, pair.second)
        let socket = try pair.relay.socket(at: Self.source(first, address))
        let stranger = Self.source(second, address)
        #expect(try pair.relay.refresh(0, from: TestRelay.client(2))?.isSuccess == true)
        func expectNothingPasses(_ relay: inout TestRelay) throws {
            #expect(relay.sendChannelData([7]) == .drop(.noChannel))
            relay.outputs = []
            relay.engine.peerUnreachable(stranger, from: socket, type: 3, code: 3, data: 0, at: relay.now)
            relay.drain()
        }
        try expectNothingPasses(&pair.relay)
        #expect(pair.relay.outputs.isEmpty)
        #expect(try pair.relay.send([7], to: second) == .drop(.noPermission))
        #expect(pair.relay.receive([7], fromPeer: stranger, on: socket).0 == .drop(.noPermission))
        #expect(try pair.relay.bind(0x4000, to: second)?.error == 403)
        // A third user's relay has the only port that is free.
        #expect(try Self.allocate(&pair.relay, 3) == second)
        try expectNothingPasses(&pair.relay)
        #expect(try pair.relay.bind(0x4000, to: second)?.isSuccess == true)
        guard case .relay = pair.relay.sendChannelData([7]) else { throw Missing() }
        guard case .deliver = pair.relay.receive([7], fromPeer: stranger, on: socket).0 else { throw Missing() }
    }

    /// On an address of relays other ports are judged with each datagram, by a permission as by a channel.
    @Test(arguments: Address.allCases)
    func strangersOnARelayAddressAreNotHeard(address: Address) throws {
        var pair = try Self.makePair(address, .ownRelays)
        let (first, second) = (pair.first, pair.second)
        let socket = try pair.relay.socket(at: Self.source(first, address))
        for port: UInt16 in [22, 3478, 40_000, 50_002] {
            let stranger = TransportAddress(ip: Self.source(second, address).ip, port: port)
            #expect(pair.relay.receive([7], fromPeer: stranger, on: socket).0 == .drop(.noPermission))
        }
        guard case .deliver = pair.relay.receive([7], fromPeer: Self.source(second, address), on: socket).0 else {
            throw Missing()
        }
    }

    /// With `.ownRelays` a stranger can't be named in any way.
    @Test func nobodyElseIsReached() throws {
        var relay = try TestRelay { configuration in
            configuration.policy = PeerPolicy(reach: .ownRelays, relayAddresses: [TestRelay.relayAddress])
        }
        _ = try relay.allocate(over: relay.tcp)
        let socket = try relay.onlySocket()
        let control = relay.tcp
        #expect(try relay.permit(TestRelay.peer, over: control)?.error == 403)
        #expect(try relay.bind(0x4000, to: TestRelay.peer, over: control)?.error == 403)
        #expect(try relay.send([1], over: control) == .drop(.noPermission))
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noPermission))
        _ = try relay.refresh(0, over: control)
        _ = try relay.allocateTCP()
        #expect(try relay.connect().0?.error == 403)
    }
}
