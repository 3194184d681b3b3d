import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct DualAllocationTests {
    private static func allocate(_ relay: inout TestRelay, number: UInt32 = 1) throws -> TestAnswer {
        try #require(
            try relay.allocate(from: TestRelay.client(number)) { try $0.append(AdditionalAddressFamily(.ipv6)) }
        )
    }

    private static func addresses(_ answer: TestAnswer) throws -> [TransportAddress] {
        let message = try STUNMessage(answer.bytes.span)
        var addresses: [TransportAddress] = []
        var attributes = message.attributes
        while let attribute = attributes.next() {
            guard attribute.type == .xorRelayedAddress else { continue }
            addresses.append(try XORRelayedAddress(decoding: attribute.value, in: message.transactionID).address)
        }
        return addresses
    }

    @Test func givesOneOfEachFamily() throws {
        var relay = try TestRelay()
        let answer = try Self.allocate(&relay)
        #expect(try Self.addresses(answer).map(\.ip) == [TestRelay.relayAddress, TestRelay.ipv6RelayAddress])
        #expect(relay.tables["quota"] == 1)
        for peer in [TestRelay.peer, TestRelay.ipv6Peer] {
            #expect(try relay.permit(peer)?.isSuccess == true)
            guard case .relay(let relayed) = try relay.send([1], to: peer) else { throw Missing() }
            #expect(relay.sockets[relayed.relay]?.family == peer.family)
        }
        // An IPv4-mapped peer is neither.
        let mapped = TransportAddress(ip: IPAddress(ipv6High: 0, low: 0xFFFF_0101_0101), port: 1)
        #expect(try relay.permit(mapped)?.error == 403)
        #expect(try relay.bind(0x4001, to: mapped)?.error == 403)
        #expect(relay.engine.violatedInvariant() == nil)
    }

    /// coturn's clients have the number of the drafts.
    @Test func theNumberOfTheDraftsIsUnderstood() throws {
        var relay = try TestRelay()
        let answer = try relay.allocate { try $0.append(AttributeType(rawValue: 0x8032), [2, 0, 0, 0]) }
        #expect(try Self.addresses(try #require(answer)).map(\.family) == [.ipv4, .ipv6])
    }

    /// RFC 8656 §7.2: one is enough; ADDRESS-ERROR-CODE says what became of the other.
    @Test(arguments: [AddressFamily.ipv4, .ipv6], [true, false])
    func oneOfTwoIsEnough(missing: AddressFamily, hasAddress: Bool) throws {
        var relay = try TestRelay { configuration in
            if !hasAddress { configuration.relayAddresses.removeAll { $0.local.family == missing } }
        }
        if hasAddress { relay.unavailable = [missing == .ipv4 ? 1 : 2] }
        let answer = try Self.allocate(&relay)
        #expect(answer.isSuccess)
        #expect(try Self.addresses(answer).map(\.family) == [missing == .ipv4 ? .ipv6 : .ipv4])
        let error = try #require(try answer.first(AddressErrorCode.self))
        #expect(error.family == missing)
        #expect(error.error.code == (hasAddress ? 508 : 440))
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test(arguments: [([1, 2], true, 508), ([1], false, 508), ([], false, nil)] as [([Int], Bool, Int?)])
    func noneIsAnError(unavailable: [Int], hasIPv6: Bool, error: Int?) throws {
        var relay = try TestRelay { configuration in
            if !hasIPv6 { configuration.relayAddresses.removeLast() }
        }
        relay.unavailable = Set(unavailable)
        let answer = try Self.allocate(&relay)
        #expect(answer.error == error)
        #expect(relay.tables["quota"] == (error == nil ? 1 : nil))
        #expect(relay.sockets.count == (error == nil ? 1 : 0))
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test func bothFamiliesHaveTheWholeRange() throws {
        var relay = try TestRelay { $0.relayPorts = 50_000...50_000 }
        let answer = try Self.allocate(&relay)
        #expect(try Self.addresses(answer).map(\.port) == [50_000, 50_000])
        #expect(try answer.first(AddressErrorCode.self) == nil)
    }

    @Test func bothPortsAreEvenIfAskedFor() throws {
        var relay = try TestRelay()
        relay.failing = .ipv4
        for number: UInt32 in 1...30 {
            let answer = try relay.allocate(from: TestRelay.client(number)) { writer in
                try writer.append(AdditionalAddressFamily(.ipv6))
                try writer.append(EvenPort(reservesNext: false))
            }
            let addresses = try Self.addresses(try #require(answer))
            #expect(addresses.count == 1)
            #expect(addresses.allSatisfy { $0.port.isMultiple(of: 2) })
        }
    }

    /// RFC 8656 §8.2: a Refresh may give up one of the two.
    @Test(arguments: [AddressFamily.ipv4, .ipv6])
    func oneMayBeGivenUp(family: AddressFamily) throws {
        var relay = try TestRelay()
        _ = try Self.allocate(&relay)
        for (number, peer) in [(0x4000, TestRelay.peer), (0x4001, TestRelay.ipv6Peer)] as [(UInt16, TransportAddress)] {
            #expect(try relay.bind(number, to: peer)?.isSuccess == true)
        }
        let released = try relay.refresh(0, of: family)
        #expect(try released?.first(Lifetime.self)?.seconds == 0)
        #expect(relay.sockets.count == 1)
        #expect(relay.engine.violatedInvariant() == nil)
        #expect(relay.tables == ["allocations": 1, "permissions": 1, "numbers": 1, "peers": 1, "quota": 1])
        #expect(relay.sendChannelData([1], family == .ipv4 ? 0x4000 : 0x4001) == .drop(.noChannel))
        guard case .relay = relay.sendChannelData([1], family == .ipv4 ? 0x4001 : 0x4000) else { throw Missing() }
        #expect(try relay.refresh(0, of: family)?.error == 443)
        #expect(try relay.refresh(700)?.isSuccess == true)
        #expect(try relay.refresh(0, of: family == .ipv4 ? .ipv6 : .ipv4)?.isSuccess == true)
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
    }

    /// Browsers never ask for IPv6; a host without IPv4 serves them all the same.
    @Test func aHostWithoutIPv4GivesIPv6() throws {
        var relay = try TestRelay { $0.relayAddresses = [.init(TestRelay.ipv6RelayAddress)] }
        let answer = try relay.allocate()
        #expect(try answer?.first(XORRelayedAddress.self)?.address.ip == TestRelay.ipv6RelayAddress)
        let ipv4 = try relay.allocate(from: TestRelay.client(2)) { try $0.append(RequestedAddressFamily(.ipv4)) }
        #expect(ipv4?.error == 440)
        var without = try TestRelay { $0.relayAddresses = [] }
        #expect(try without.allocate()?.error == 440)
        #expect(try Self.allocate(&without).error == 440)
        #expect(without.tables == [:])
    }
}
