import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct QuotaTests {
    @Test func aUserHasSoManyAndNoMore() throws {
        var relay = try TestRelay { $0.quotas = AllocationQuotas(perUser: 2) }
        #expect(try relay.allocate(from: TestRelay.client(1))?.isSuccess == true)
        #expect(try relay.allocate(from: TestRelay.client(2))?.isSuccess == true)
        #expect(try relay.allocate(from: TestRelay.client(3))?.error == 486)
        #expect(try relay.allocate(from: TestRelay.client(4), user: "other", password: "word")?.isSuccess == true)
        #expect(relay.sockets.count == 3)
        _ = try relay.refresh(0, from: TestRelay.client(1))
        #expect(try relay.allocate(from: TestRelay.client(3))?.isSuccess == true)
    }

    @Test func allHaveSoManyTogether() throws {
        var relay = try TestRelay { $0.quotas = AllocationQuotas(total: 2) }
        #expect(try relay.allocate(from: TestRelay.client(1))?.isSuccess == true)
        #expect(try relay.allocate(from: TestRelay.client(2), user: "other", password: "word")?.isSuccess == true)
        #expect(try relay.allocate(from: TestRelay.client(3))?.error == 508)
    }

    /// Credentials that end are many; whom they are for is one.
    @Test func timeLimitedNamesCountByIdentity() throws {
        let credentials = TimeLimitedCredentials(secrets: ["secret"])
        var relay = try TestRelay(providers: [credentials]) { $0.quotas = AllocationQuotas(perUser: 2) }
        for number: UInt32 in 1...3 {
            let (user, password) = credentials.issue(for: "kim:x", until: relay.now.unix + 1000 + number)
            let answer = try relay.allocate(from: TestRelay.client(number), user: user, password: password)
            #expect(answer?.error == (number == 3 ? 486 : nil))
        }
        let (user, password) = credentials.issue(for: "kim", until: relay.now.unix + 1000)
        #expect(try relay.allocate(from: TestRelay.client(4), user: user, password: password)?.isSuccess == true)
    }

    /// Whoever comes again under another name is still where it was.
    @Test(arguments: [
        (["8.8.0.1", "8.8.0.1"], "8.8.0.1", "8.8.0.2"), (["2a00::1", "2a00::2"], "2a00::3", "2a00:0:0:1::1"),
        (["127.0.0.1", "127.0.0.1"], "127.0.0.1", "127.0.0.2"),
    ])
    func aNetworkHasSoManyAndNoMore(first: [String], next: String, other: String) throws {
        let credentials = TimeLimitedCredentials(secrets: ["secret"])
        var relay = try TestRelay(providers: [credentials]) { $0.quotas = AllocationQuotas(perUser: 1, perNetwork: 2) }
        var number: UInt16 = 0
        func allocate(_ relay: inout TestRelay, _ host: String) throws -> Int? {
            number += 1
            let client = TransportAddress(ip: try #require(IPAddress(host)), port: 5000 + number)
            let (user, password) = credentials.issue(for: "visitor \(number)", until: relay.now.unix + 1000)
            return try relay.allocate(from: client, user: user, password: password)?.error
        }
        for host in first { #expect(try allocate(&relay, host) == nil) }
        #expect(try allocate(&relay, next) == 486)
        #expect(try allocate(&relay, other) == nil)
        relay.engine.shutDown()
        relay.drain()
        #expect(relay.tables == [:])
        #expect(try allocate(&relay, next) == nil)
    }

    /// A reserved port stays with the network that it was counted for.
    @Test func aTokenUsedElsewhereCountsWhereItWasMade() throws {
        let quotas = AllocationQuotas(perNetwork: 2)
        var relay = try TestRelay { $0.quotas = quotas }
        let answer = try relay.allocate { try $0.append(EvenPort(reservesNext: true)) }
        let token = try #require(try answer?.first(ReservationToken.self))
        #expect(try relay.allocate(from: TestRelay.client(2)) { try $0.append(token) }?.isSuccess == true)
        #expect(try relay.allocate(from: TestRelay.client(1, port: 6000))?.error == 486)
        _ = try relay.refresh(0, from: TestRelay.client(2))
        #expect(try relay.allocate(from: TestRelay.client(1, port: 6000))?.isSuccess == true)
    }

    /// Each way in which an allocation ends, or does not come about.
    @Test(arguments: [
        "refresh", "expiry", "disconnect", "shut down", "no port", "no socket", "both addresses", "move and end",
    ])
    func isFreeAgain(way: String) throws {
        let quotas = AllocationQuotas(perUser: 1)
        var relay = try TestRelay { configuration in
            configuration.quotas = quotas
            configuration.allowsMobility = true
            configuration.relayPorts = 50_000...50_001
        }
        if way == "no port" { relay.taken = [50_000, 50_001] }
        if way == "no socket" { relay.unavailable = [1] }
        let answer = try relay.allocate(over: relay.tcp) { writer in
            if way == "move and end" { try writer.append(MobilityTicket()) }
            if way == "both addresses" { try writer.append(AdditionalAddressFamily(.ipv6)) }
        }
        #expect(answer?.error == (["no port", "no socket"].contains(way) ? 508 : nil))
        switch way {
        case "refresh": _ = try relay.refresh(0, over: relay.tcp)
        case "expiry": relay.pass(seconds: 600)
        case "disconnect": relay.engine.clientDisconnected(relay.flow(over: relay.tcp))
        case "shut down": relay.engine.shutDown()
        case "both addresses":
            _ = try relay.refresh(0, of: .ipv4, over: relay.tcp)
            #expect(quotas.count == 1)
            _ = try relay.refresh(0, of: .ipv6, over: relay.tcp)
        case "move and end":
            let ticket = try #require(try answer?.first(MobilityTicket.self))
            _ = try relay.request(.refresh, from: TestRelay.client(2)) { writer in
                try writer.append(ticket)
                try writer.append(Lifetime(seconds: 0))
            }
        default: break
        }
        relay.drain()
        #expect(quotas.count == 0)
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
        relay.taken = []
        #expect(try relay.allocate()?.isSuccess == true)
    }

    /// A port that is kept counts like an allocation, or a user could keep thousands by giving each first one back.
    @Test func keptPortsCount() throws {
        var relay = try TestRelay { $0.quotas = AllocationQuotas(perUser: 3) }
        var token: ReservationToken?
        for round in 1...4 {
            let answer = try relay.allocate { try $0.append(EvenPort(reservesNext: true)) }
            if round <= 2 {
                #expect(answer?.isSuccess == true)
                token = try answer?.first(ReservationToken.self)
                _ = try relay.refresh(0)
            } else {
                #expect(answer?.error == 486)
            }
        }
        #expect(relay.sockets.count == 2)
        #expect(relay.tables["quota"] == 2)
        // Who brings the token takes the place that is counted already.
        #expect(try relay.allocate()?.isSuccess == true)
        let last = try #require(token)
        #expect(try relay.allocate(from: TestRelay.client(2)) { try $0.append(last) }?.isSuccess == true)
        #expect(relay.tables["quota"] == 3)
        relay.pass(seconds: 30)
        #expect(relay.tables["quota"] == 2)
        _ = try relay.refresh(0, from: TestRelay.client(2))
        _ = try relay.refresh(0)
        #expect(relay.tables == [:])
    }

    @Test func enginesCountTogether() throws {
        let quotas = AllocationQuotas(perUser: 1)
        var first = try TestRelay(index: 0, of: 2) { $0.quotas = quotas }
        var second = try TestRelay(index: 1, of: 2) { $0.quotas = quotas }
        #expect(try first.allocate()?.isSuccess == true)
        #expect(try second.allocate(from: TestRelay.client(2))?.error == 486)
        first.engine.shutDown()
        #expect(try second.allocate(from: TestRelay.client(2))?.isSuccess == true)
    }
}

@Suite struct BandwidthTests {
    @Test func aSecondsWorthAndNoMoreInEachDirection() throws {
        var relay = try TestRelay { $0.maximumBytesPerSecond = 1000 }
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        let socket = try relay.onlySocket()
        let payload = [UInt8](repeating: 0, count: 100)
        for round in 1...11 {
            let up = round.isMultiple(of: 2) ? relay.sendChannelData(payload) : try relay.send(payload)
            let down = relay.receive(payload, fromPeer: TestRelay.peer, on: socket).0
            guard round <= 10 else {
                #expect(up == .drop(.overBandwidth))
                #expect(down == .drop(.overBandwidth))
                break
            }
            guard case .relay = up, case .deliver = down else { throw Missing() }
        }
        relay.pass(nanoseconds: 99_000_000)
        #expect(relay.sendChannelData(payload) == .drop(.overBandwidth))
        relay.pass(nanoseconds: 1_000_001)
        guard case .relay = relay.sendChannelData(payload) else { throw Missing() }
        #expect(relay.sendChannelData(payload) == .drop(.overBandwidth))
        // What was not used is there for one second.
        relay.pass(seconds: 10)
        for _ in 1...10 { guard case .relay = relay.sendChannelData(payload) else { throw Missing() } }
        #expect(relay.sendChannelData(payload) == .drop(.overBandwidth))
    }

    @Test func isEachAllocationsOwn() throws {
        var relay = try TestRelay { $0.maximumBytesPerSecond = 100 }
        for number: UInt32 in [1, 2] {
            _ = try relay.allocate(from: TestRelay.client(number))
            _ = try relay.bind(0x4000, from: TestRelay.client(number))
        }
        let payload = [UInt8](repeating: 0, count: 100)
        guard case .relay = relay.sendChannelData(payload) else { throw Missing() }
        #expect(relay.sendChannelData(payload) == .drop(.overBandwidth))
        guard case .relay = relay.sendChannelData(payload, from: TestRelay.client(2)) else { throw Missing() }
    }

    @Test func whatIsNotPermittedCostsNothing() throws {
        var relay = try TestRelay { $0.maximumBytesPerSecond = 100 }
        _ = try relay.allocate()
        let payload = [UInt8](repeating: 0, count: 100)
        #expect(try relay.send(payload) == .drop(.noPermission))
        _ = try relay.permit(TestRelay.peer)
        guard case .relay = try relay.send(payload) else { throw Missing() }
    }
}
