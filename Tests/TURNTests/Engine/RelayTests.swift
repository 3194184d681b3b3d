import STUN
import Testing

@testable import TURN

@Suite struct RelayTests {
    private static let peer = TransportAddress(ip: IPAddress(ipv4: 0x0101_0101), port: 7000)

    @Test func dataPassesBothWaysThroughAChannel() throws {
        var relay = try TestRelay()
        let allocated = try #require(try relay.allocate())
        #expect(allocated.isSuccess)
        #expect(try allocated.first(Lifetime.self)?.seconds == 600)
        let address = try #require(try allocated.first(XORRelayedAddress.self)?.address)
        let socket = try #require(relay.sockets.first { $0.value == address }?.key)
        let bound = try relay.request(.channelBind) { writer in
            try writer.append(ChannelNumber(0x4000))
            try writer.append(XORPeerAddress(Self.peer))
        }
        #expect(bound?.isSuccess == true)
        let client = FiveTuple(client: TestRelay.client(), listener: relay.udp)
        #expect(
            relay.receive([0x40, 0, 0, 3, 1, 2, 3], from: client)
                == .relay(.init(relay: socket, peer: Self.peer, offset: 4, count: 3, dontFragment: false))
        )
        let (answer, bytes) = relay.receive([9, 8], fromPeer: Self.peer, on: socket)
        #expect(answer == .deliver(to: client, headerLength: 4, padding: 0))
        #expect(bytes == [0x40, 0, 0, 2, 9, 8])
    }
}
