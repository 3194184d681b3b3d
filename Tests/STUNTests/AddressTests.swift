import STUN
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            (0, 1, "::1"), (0x2001_0DB8_0000_0000, 1, "2001:db8::1"),
        ] as [(UInt64, UInt64, String)]
    )
    func ipv6Text(high: UInt64, low: UInt64, text: String) {
        #expect(TransportAddress(ip: IPAddress(ipv6High: high, low: low), port: 80).description == "[\(text)]:80")
    }

    @Test func ipv4Text() {
        #expect(TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 3478).description == "192.0.2.1:3478")
    }

    @Test func mappedHostsBecomeIPv4() {
        let mapped = IPAddress(ipv6High: 0, low: 0xFFFF_7F00_0001)
        let unmapped = TransportAddress(ip: IPAddress(ipv4: 0x7F00_0001), port: 9)
        #expect(TransportAddress(ip: mapped, port: 9).unmapped == unmapped)
        #expect(unmapped.unmapped == unmapped)
    }

    @Test func addressesStaySmall() {
        #expect(MemoryLayout<TransportAddress>.size <= 20)
        #expect(MemoryLayout<TransactionID>.size == 12)
    }
}
