import Listening
import Logging
import STUN
import TURN
import Testing

@testable import TURNServer

@Suite struct RelayConfigurationTests {
    private static let machine = MachineAddresses(
        ["127.0.0.1", "::1", "fe80::1", "10.0.0.5", "2001:db9::5", "10.0.0.5", "192.0.3.7"].compactMap { IPAddress($0) }
    )

    private func makeRelay(
        _ change: (inout TURNServer.Configuration) -> Void = { _ in },
        listening: [String] = ["0.0.0.0", "::"],
        machine: MachineAddresses = machine
    ) throws -> RelayConfiguration {
        var configuration = TURNServer.Configuration(users: ["user": "secret"])
        change(&configuration)
        return configuration.relayConfiguration(
            authenticator: try configuration.makeAuthenticator(),
            quotas: AllocationQuotas(),
            listening: listening.compactMap { IPAddress($0) }.map { TransportAddress(ip: $0, port: 3478) },
            discovery: nil,
            machine: machine
        )
    }

    /// Loopback is for relays only where clients can come from nowhere else.
    @Test(arguments: [
        (["0.0.0.0", "::"], ["10.0.0.5", "192.0.3.7", "2001:db9::5"]), (["127.0.0.1"], ["127.0.0.1", "::1"]),
        (["10.0.0.5"], ["10.0.0.5", "192.0.3.7", "2001:db9::5"]),
        (["127.0.0.1", "10.0.0.5"], ["10.0.0.5", "192.0.3.7", "2001:db9::5"]),
    ])
    func relaysGetTheAddressesOfTheMachine(listening: [String], expected: [String]) throws {
        let relay = try makeRelay(listening: listening)
        #expect(relay.relayAddresses.map { "\($0.advertised)" } == expected)
        #expect(relay.relayAddresses.allSatisfy { $0.advertised == $0.local })
    }

    /// Until its network is up, a machine relays on loopback only for clients on loopback.
    @Test(arguments: [(["0.0.0.0", "::"], []), (["127.0.0.1"], ["127.0.0.1", "::1"])] as [([String], [String])])
    func aMachineWithoutNetworkRelaysNowhere(listening: [String], expected: [String]) throws {
        let machine = MachineAddresses(["127.0.0.1", "::1"].compactMap { IPAddress($0) })
        let relay = try makeRelay(listening: listening, machine: machine)
        #expect(relay.relayAddresses.map { "\($0.advertised)" } == expected)
    }

    /// What routes to the Internet have comes first, also where only a public address is given.
    @Test func theAddressOfTheDefaultRouteComesFirst() throws {
        let machine = MachineAddresses(
            ["127.0.0.1", "172.17.0.1", "10.0.0.5", "fd00::1", "2001:db9::5"].compactMap { IPAddress($0) },
            sources: ["10.0.0.5", "2001:db9::5", "9.9.9.9"].compactMap { IPAddress($0) }
        )
        let relay = try makeRelay(machine: machine)
        #expect(relay.relayAddresses.map { "\($0.local)" } == ["10.0.0.5", "172.17.0.1", "2001:db9::5", "fd00::1"])
        let outside = try #require(IPAddress("203.0.114.1"))
        let behind = try makeRelay({ $0.relayAddresses = [.init(publicAddress: outside)] }, machine: machine)
        #expect(behind.relayAddresses.map { "\($0.local)" } == ["10.0.0.5"])
    }

    /// A watcher tells of each change once.
    @Test func addressesThatChangeAreSeen() throws {
        let first = MachineAddresses(["127.0.0.1"].compactMap { IPAddress($0) })
        let second = MachineAddresses(["127.0.0.1", "10.0.0.5"].compactMap { IPAddress($0) })
        var current = first
        let watcher = AddressWatcher(known: first, isRelaying: true, logger: Logger(label: "test")) { current }
        #expect(watcher.look() == nil)
        current = second
        #expect(watcher.look() == second)
        #expect(watcher.look() == nil)
    }

    /// A public address that the machine does not have is that of a NAT before it.
    @Test(
        arguments: [
            ("203.0.114.1", nil, "10.0.0.5"), ("203.0.114.1", "192.0.3.7", "192.0.3.7"),
            ("192.0.3.7", nil, "192.0.3.7"),
            ("2001:db9::99", nil, "2001:db9::5"),
        ] as [(String, String?, String)]
    )
    func configuredAddressesAreMapped(advertised: String, local: String?, expected: String) throws {
        let relay = try makeRelay { configuration in
            configuration.relayAddresses =
                IPAddress(advertised).map {
                    [.init(publicAddress: $0, localAddress: local.flatMap { IPAddress($0) })]
                } ?? []
        }
        #expect(relay.relayAddresses.map { "\($0.advertised) \($0.local)" } == ["\(advertised) \(expected)"])
    }

    /// The server's own ports are no peers, whatever is allowed; of loopback nothing is.
    @Test func ownPortsAndLoopbackAreDenied() throws {
        let allowing = try makeRelay { $0.allowedPeers = ["0.0.0.0/0", "::/0"] }
        for host in ["127.0.0.1", "10.0.0.5", "::1", "2001:db9::5"] {
            let ip = try #require(IPAddress(host))
            #expect(allowing.policy.refusal(of: TransportAddress(ip: ip, port: 3478)) == .ownListener)
            #expect(allowing.policy.refusal(of: TransportAddress(ip: ip, port: 3479)) == nil)
        }
        let relay = try makeRelay()
        for host in ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1"] {
            let ip = try #require(IPAddress(host))
            #expect(relay.policy.refusal(of: TransportAddress(ip: ip, port: 50_000)) == .denied)
            #expect(relay.policy.refusal(ofAny: ip) == .denied)
        }
        let own = TransportAddress(ip: try #require(IPAddress("10.0.0.5")), port: 50_000)
        #expect(relay.policy.refusal(of: own) == .denied)
    }

    /// Each way in which the machine can reach itself, whatever is allowed.
    @Test(arguments: [
        "10.0.0.5", "::ffff:10.0.0.5", "::10.0.0.5", "::ffff:0:10.0.0.5", "64:ff9b::10.0.0.5", "64:ff9b:1::10.0.0.5",
        "2002:a00:5::1", "2001:0:a00:5::1", "2001::f5ff:fffa", "2a00:1:2:3:0:5efe:10.0.0.5", "203.0.114.1",
        "::ffff:203.0.114.1", "64:ff9b::203.0.114.1", "192.0.3.7", "127.0.0.1", "127.9.9.9", "::ffff:127.1.2.3",
        "64:ff9b::127.0.0.1", "0.0.0.0", "::ffff:0.0.0.0", "::", "::1", "2001:db9::5",
    ])
    func ownPortsAreDeniedInEachForm(name: String) throws {
        let outside = try #require(IPAddress("203.0.114.1"))
        let inside = try #require(IPAddress("10.0.0.5"))
        let relay = try makeRelay {
            $0.relayAddresses = [.init(publicAddress: outside, localAddress: inside)]
            $0.otherPorts = [3000]
            $0.allowedPeers = ["0.0.0.0/0", "::/0"]
        }
        let ip = try #require(IPAddress(name))
        for port: UInt16 in [3000, 3478] {
            #expect(relay.policy.refusal(of: TransportAddress(ip: ip, port: port)) == .ownListener)
        }
        #expect(relay.policy.refusal(of: TransportAddress(ip: ip, port: 80)) == nil)
    }

    /// A NAT may send what comes from the server for its own public address back to it.
    @Test func ownPortsAreDeniedUnderEachOfTheirNames() throws {
        let outside = try #require(IPAddress("203.0.114.1"))
        let inside = try #require(IPAddress("10.0.0.5"))
        for listening in [["0.0.0.0", "::"], ["10.0.0.5"]] {
            let relay = try makeRelay(
                {
                    $0.relayAddresses = [.init(publicAddress: outside, localAddress: inside)]
                    $0.otherPorts = [3000]
                    $0.allowedPeers = ["0.0.0.0/0"]
                },
                listening: listening
            )
            for ip in [outside, inside] {
                for port: UInt16 in [3000, 3478] {
                    #expect(relay.policy.refusal(of: TransportAddress(ip: ip, port: port)) == .ownListener)
                }
                #expect(relay.policy.refusal(of: TransportAddress(ip: ip, port: 80)) == nil)
            }
        }
    }

    /// There is always a port that is free, and a descriptor for other things.
    @Test(
        arguments: [
            (nil, 49152...65535, Int.max, 12_288), (nil, 49152...65535, 1024, 896), (nil, 49152...65535, 64, 48),
            (nil, 50_000...50_003, 1024, 3), (nil, 50_000...50_000, 1024, 1), (nil, 49152...65535, 0, 1),
            (0, 49152...65535, 1024, 0), (20_000, 49152...65535, 64, 20_000),
        ] as [(Int?, ClosedRange<UInt16>, Int, Int)]
    )
    func totalQuotaIsBelowPortsAndDescriptors(set: Int?, ports: ClosedRange<UInt16>, limit: Int, expected: Int) {
        let configuration = TURNServer.Configuration(relayPorts: ports, totalQuota: set)
        #expect(configuration.makeTotalQuota(reserve: DescriptorReserve(limit: limit)) == expected)
    }

    @Test(
        arguments: [(nil, Int.max, 16_384), (nil, 1024, 448), (nil, 64, 24), (nil, 0, 1), (7, 64, 7)]
            as [(Int?, Int, Int)]
    )
    func connectionsLeaveRoomForRelays(set: Int?, limit: Int, expected: Int) {
        let configuration = TURNServer.Configuration(maximumConnections: set)
        #expect(configuration.makeMaximumConnections(reserve: DescriptorReserve(limit: limit)) == expected)
    }

    @Test func withoutUsersThereIsNoRelay() throws {
        #expect(try TURNServer.Configuration().makeAuthenticator() == nil)
        #expect(try TURNServer.Configuration(secrets: ["of some length"]).makeAuthenticator() != nil)
    }
}
