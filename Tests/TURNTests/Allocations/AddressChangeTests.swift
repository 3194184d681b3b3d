import STUN
import Testing

@testable import TURN

/// What becomes of allocations and peers when the machine's addresses change.
@Suite struct AddressChangeTests {
    private static let newAddress = IPAddress(ipv4: 0x2D00_0002)

    private static func policy(_ addresses: [IPAddress], _ relays: OpenRelays) -> PeerPolicy {
        PeerPolicy(
            listeners: Set(addresses.map { TransportAddress(ip: $0, port: 3478) }),
            relayAddresses: Set(addresses),
            relays: relays
        )
    }

    private static func changed(_ addresses: [IPAddress], _ relays: OpenRelays) -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.relayAddresses = addresses.map { .init($0) }
        configuration.policy = policy(addresses, relays)
        return configuration
    }

    /// What was a stranger's address is the machine's own now: its ports are closed, also to what was granted before.
    @Test func portsAtANewAddressAreOwn() throws {
        let relays = OpenRelays()
        var relay = try TestRelay { configuration in
            configuration.relayAddresses = [.init(TestRelay.relayAddress)]
            configuration.policy = Self.policy([TestRelay.relayAddress], relays)
        }
        _ = try relay.allocate()
        let listener = TransportAddress(ip: Self.newAddress, port: 3478)
        let port = TransportAddress(ip: Self.newAddress, port: 50_000)
        let page = TransportAddress(ip: Self.newAddress, port: 80)
        for (number, peer) in [(0x4000, listener), (0x4001, port), (0x4002, page)] as [(UInt16, TransportAddress)] {
            #expect(try relay.bind(number, to: peer)?.isSuccess == true)
            guard case .relay = relay.sendChannelData([1], number) else { throw Missing() }
        }
        relay.engine.update(from: Self.changed([TestRelay.relayAddress, Self.newAddress], relays))
        #expect(relay.engine.violatedInvariant() == nil)
        for (number, peer) in [(0x4000, listener), (0x4001, port)] as [(UInt16, TransportAddress)] {
            #expect(relay.sendChannelData([1], number) == .drop(.noChannel))
            #expect(try relay.send([1], to: peer) == .drop(.noPermission))
            let socket = try relay.onlySocket()
            #expect(relay.receive([1], fromPeer: peer, on: socket).0 == .drop(.noPermission))
        }
        guard case .relay = relay.sendChannelData([1], 0x4002) else { throw Missing() }
    }

    /// Allocations that are there stay; new ones are where the machine is now.
    @Test func newAllocationsHaveTheNewAddress() throws {
        let relays = OpenRelays()
        var relay = try TestRelay { configuration in
            configuration.relayAddresses = []
            configuration.policy = Self.policy([], relays)
        }
        #expect(try relay.allocate()?.error == 440)
        relay.engine.update(from: Self.changed([TestRelay.relayAddress], relays))
        #expect(try relay.allocate()?.first(XORRelayedAddress.self)?.address.ip == TestRelay.relayAddress)
        relay.engine.update(from: Self.changed([Self.newAddress], relays))
        let second = try relay.allocate(from: TestRelay.client(2))?.first(XORRelayedAddress.self)?.address
        #expect(second?.ip == Self.newAddress)
        #expect(relay.sockets.count == 2)
        _ = try relay.permit(TestRelay.peer)
        guard case .relay = try relay.send([1]) else { throw Missing() }
        #expect(try relay.refresh(0)?.isSuccess == true)
        #expect(relays.count == 1)
    }
}
