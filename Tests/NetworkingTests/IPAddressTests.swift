import Testing

@testable import Networking

@Suite struct IPAddressTests {
    /// A text, and how the address is written; the text itself where that is `nil`.
    @Test(
        arguments: [
            ("127.0.0.1", nil), ("0.0.0.0", nil), ("192.0.2.1", nil), ("255.255.255.255", nil),
            ("::", nil), ("::1", nil), ("1::", nil), ("fe80::", nil), ("[::1]", "::1"), ("00ab::", "ab::"),
            ("0001::0008", "1::8"), ("2001:DB8::1", "2001:db8::1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("1:2:3:4:5:6:7:8", nil), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("1:0:2:3:4:5:6:7", nil),
            // The longest run of zeros is left out, the first of those that are equally long; not a single one.
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"), ("2001:0:0:1::1", nil),
            ("2001:db8:0:1:1:1:1:1", nil), ("2001:db8::1:0:0:1", nil),
            // The last two groups as IPv4.
            ("::ffff:192.0.2.1", "::ffff:c000:201"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:192.0.2.33", "1:2:3:4:5:6:c000:221"), ("::1.2.3.4", "::102:304"),
            ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"),
            ("0000:0000:0000:0000:0000:ffff:255.255.255.255", "::ffff:ffff:ffff"),
        ] as [(String, String?)]
    )
    func readsAndWrites(text: String, canonical: String?) {
        #expect(IPAddress(text)?.description == canonical ?? text)
        #expect(IPAddress("x\(text)y".dropFirst().dropLast()) == IPAddress(text))
    }

    @Test(
        arguments: [
            "", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2..3", "1.2.3.4.5", "1.2.3.4.", "1.2.3.256", "1.2.3.4294967297",
            "01.2.3.4", "00.2.3.4", "1.2.3.+4", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.٤", "0x7f.0.0.1",
            "2130706433", "[1.2.3.4]", "localhost",
            ":", ":::", "1:", ":1", "::1:", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::", "1::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "12345::", "::12345", "g::", "::g", "::+1",
            "::-1", "::1.2.3", "1.2.3.4::", "1.2.3.4:5::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4",
            "1:2:3:4:5:6::1.2.3.4", "[::1", "::1]", "[]", "[", "[[::1]]", "::1%lo", "::1%eth0",
            String(repeating: "0", count: 48), String(repeating: ":", count: 100_000),
        ]
    )
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func isMadeOfItsBytes() {
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

    @Test(arguments: [
        ("::ffff:127.0.0.1", "127.0.0.1"), ("::ffff:0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1"),
        ("::127.0.0.1", "::127.0.0.1"), ("1::ffff:127.0.0.1", "1::ffff:127.0.0.1"),
        ("::1:ffff:127.0.0.1", "::1:ffff:127.0.0.1"), ("::fffe:127.0.0.1", "::fffe:127.0.0.1"),
    ])
    func unmaps(text: String, unmapped: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.unmapped == IPAddress(unmapped))
        // What it is called decides what it is: nobody takes one for the other without asking.
        #expect((address == address.unmapped) == (text == unmapped))
    }

    @Test(arguments: [
        ("127.0.0.1", true, false), ("127.255.255.255", true, false), ("128.0.0.0", false, false),
        ("0.0.0.0", false, true), ("::1", true, false), ("::", false, true), ("::2", false, false),
        ("1::1", false, false), ("0.0.0.1", false, false), ("::ffff:127.0.0.1", false, false),
    ])
    func knowsItself(text: String, isLoopback: Bool, isUnspecified: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isLoopback == isLoopback)
        #expect(address.isUnspecified == isUnspecified)
    }

    /// The tables of the relay hold these by the hundred thousand.
    @Test func staysSmallAndPlain() {
        #expect(MemoryLayout<IPAddress>.size == 17)
        #expect(MemoryLayout<IPAddress?>.size == 17)
        #expect(MemoryLayout<ClientNetwork>.size == 17)
        #expect(_isPOD(IPAddress.self))
    }
}
