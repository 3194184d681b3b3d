import Networking
import Testing

@testable import Certificates

@Suite
struct MachineNamesTests {
    @Test(
        arguments: [
            ([], ["localhost"], []),
            (["Talk.Example.ORG", "talk.example.org"], ["localhost", "talk.example.org"], []),
            (["talk.example.org:8443"], ["localhost", "talk.example.org"], []),
            (
                ["192.0.2.1", "192.0.2.2:80", "[2001:db8::1]:80", "2001:db8::2", "[2001:db8::3]"], ["localhost"],
                [
                    "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8::3",
                ]
            ),
            (["::ffff:192.0.2.1", "192.0.2.1", "0.0.0.0", "::"], ["localhost"], ["192.0.2.1"]),
            (
                ["", ".", "a..b", "-a", "a-", "a_b", "ä", "a b", "*.a", "a.", "[", "[]", "::::", "a:b:c"],
                ["localhost"], []
            ),
            (
                [String(repeating: "a", count: 63), String(repeating: "a", count: 64)],
                [
                    "localhost", String(repeating: "a", count: 63),
                ], []
            ),
        ] as [([String], [String], [String])]
    )
    func whatStandsInACertificate(hosts: [String], names: [String], addresses: [String]) {
        let machine = MachineNames(hosts: hosts, addresses: [])
        #expect(machine.hosts == names)
        #expect(machine.addresses.map { "\($0)" } == ["127.0.0.1", "::1"] + addresses)
    }

    @Test
    func namesHaveABound() {
        let hosts = (0..<200).map { "host\($0)" }
        let addresses = (0..<200).map { IPAddress(ipv4: 0x0A00_0000 + $0) }
        let machine = MachineNames(hosts: hosts, addresses: addresses)
        #expect(machine.hosts == ["localhost"] + hosts.prefix(MachineNames.most - 1))
        #expect(machine.addresses.count == MachineNames.most)
        let label = String(repeating: "a", count: 61) + "."
        let longest = label + label + label + label + "aaaaa"
        #expect(MachineNames(hosts: [longest], addresses: []).hosts.count == 2)
        #expect(MachineNames(hosts: [longest + "a"], addresses: []).hosts.count == 1)
    }

    @Test(
        arguments: [("1.2.3.4", [1, 2, 3, 4]), ("102:304:506:708:90a:b0c:d0e:f10", Array(1...16))]
            as [(String, [UInt8])]
    )
    func bytesOfAddresses(text: String, bytes: [UInt8]) throws {
        #expect(try #require(IPAddress(text)).networkBytes == bytes)
    }
}
