import STUN
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            (0, 0, "::"), (0, 1, "::1"), (0x2001_0DB8_0000_0000, 1, "2001:db8::1"),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
            (0xFE80_0000_0000_0000, 0, "fe80::"), (0x0001_0002_0003_0004, 0x0005_0006_0007_0008, "1:2:3:4:5:6:7:8"),
        ] as [(UInt64, UInt64, String)]
    )
    func ipv6Text(high: UInt64, low: UInt64, text: String) {
        #expect(IPAddress(ipv6High: high, low: low).description == text)
        #expect(TransportAddress(ip: IPAddress(ipv6High: high, low: low), port: 80).description == "[\(text)]:80")
    }

    @Test func ipv4Text() {
        #expect(TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 3478).description == "192.0.2.1:3478")
    }

    @Test func bytes() {
        let four: [UInt8] = [192, 0, 2, 1]
        let sixteen: [UInt8] = Array(1...16)
        #expect(IPAddress(bytes: four.span) == IPAddress(ipv4: 0xC000_0201))
        let address = IPAddress(ipv6High: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
        #expect(IPAddress(bytes: sixteen.span) == address)
        for count in 0...20 where count != 4 && count != 16 {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(IPAddress(bytes: bytes.span) == nil)
        }
    }

    @Test func mappedAddressesBecomeIPv4() {
        let mapped = IPAddress(ipv6High: 0, low: 0xFFFF_7F00_0001)
        #expect(mapped.unmapped == IPAddress(ipv4: 0x7F00_0001))
        #expect(mapped != mapped.unmapped)
        #expect(IPAddress(ipv6High: 0, low: 1).unmapped.family == .ipv6)
        #expect(IPAddress(ipv6High: 1, low: 0xFFFF_7F00_0001).unmapped.family == .ipv6)
        #expect(TransportAddress(ip: mapped, port: 9).unmapped.port == 9)
    }

    @Test func addressesStaySmall() {
        #expect(MemoryLayout<TransportAddress>.size <= 20)
        #expect(MemoryLayout<TransactionID>.size == 12)
    }
}
