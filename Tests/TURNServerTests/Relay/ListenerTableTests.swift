import CLinuxUDP
import STUN
import TURN
import Testing

@testable import TURNServer

@Suite struct ListenerTableTests {
    /// Machines have the same link-local address on several links, and their neighbours may have as well.
    @Test func linksAreToldApart() throws {
        var engine = RelayEngine(configuration: RelayConfiguration())
        var table = ListenerTable()
        let any = TransportAddress(ip: IPAddress(ipv6High: 0, low: 0), port: 3478)
        table.enter(ListenerTable.Socket(address: any, number: 0, listener: nil))
        let address = TransportAddress(ip: IPAddress(ipv6High: 0xFE80 << 48, low: 1), port: 0)
        let found = [UInt32(2), 3, 2].map { table.find(0, local: udp_address(address, scope: $0), engine: &engine) }
        let first = try #require(found[0])
        let second = try #require(found[1])
        #expect(first != second)
        #expect(found[2] == first)
        #expect(table[first].scope == 2)
        #expect(table[second].scope == 3)
        #expect(table[first].source.scope == 2)
    }
}
