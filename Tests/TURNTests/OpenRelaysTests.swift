import STUN
import Testing

@testable import TURN

@Suite struct OpenRelaysTests {
    private static let host = IPAddress(ipv4: 0x2D00_0001)

    private static func address(_ port: UInt16, _ host: IPAddress = host) -> TransportAddress {
        TransportAddress(ip: host, port: port)
    }

    /// A gate is that of one relay: neither its end nor the next relay at the port leaves it open.
    @Test func gatesAreThoseOfOneRelay() {
        let relays = OpenRelays(ports: 50_000...50_003)
        let early = relays.gate(of: Self.address(50_000), .udp)
        #expect(!early.isOpen)
        relays.insert(Self.address(50_000), over: .udp)
        #expect(!early.isOpen)
        let first = relays.gate(of: Self.address(50_000), .udp)
        #expect(first.isOpen)
        relays.remove(Self.address(50_000), over: .udp)
        #expect(!first.isOpen)
        let between = relays.gate(of: Self.address(50_000), .udp)
        relays.insert(Self.address(50_000), over: .udp)
        #expect(!first.isOpen && !between.isOpen)
        #expect(relays.gate(of: Self.address(50_000), .udp).isOpen)
        #expect(!relays.gate(of: Self.address(50_001), .udp).isOpen)
        #expect(!relays.gate(of: Self.address(50_000), .tcp).isOpen)
        #expect(!relays.gate(of: Self.address(50_000, IPAddress(ipv4: 1)), .udp).isOpen)
    }

    @Test func eachEndIsCountedOnce() {
        let relays = OpenRelays(ports: 50_000...50_003)
        let address = Self.address(50_003)
        relays.insert(address, address, over: .udp)
        relays.insert(address, over: .tcp)
        #expect(relays.count == 2)
        relays.remove(address, address, over: .udp)
        relays.remove(address, over: .udp)
        #expect(relays.count == 1)
        #expect(relays.contains(address, .tcp) && !relays.contains(address, .udp))
    }

    /// What is outside of the range, or beyond the number of addresses, is never open.
    @Test func whatHasNoPlaceIsShut() {
        let relays = OpenRelays(ports: 50_000...50_000)
        for port: UInt16 in [49_999, 50_001] {
            relays.insert(Self.address(port), over: .udp)
            #expect(!relays.contains(Self.address(port), .udp))
        }
        for number in 0...UInt32(OpenRelays.maximumPlanes) {
            let address = Self.address(50_000, IPAddress(ipv4: 0x0A00_0000 + number))
            relays.insert(address, over: .udp)
            #expect(relays.contains(address, .udp) == (number < OpenRelays.maximumPlanes))
            #expect(relays.gate(of: address, .udp).isOpen == (number < OpenRelays.maximumPlanes))
        }
    }
}
