import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct ReservationTests {
    private static func pair(_ relay: inout TestRelay) throws -> (TestAnswer, ReservationToken, TransportAddress) {
        let answer = try #require(try relay.allocate { try $0.append(EvenPort(reservesNext: true)) })
        return (
            answer, try #require(try answer.first(ReservationToken.self)),
            try #require(try answer.first(XORRelayedAddress.self)?.address)
        )
    }

    @Test func anEvenPortIsEven() throws {
        var relay = try TestRelay()
        for number: UInt32 in 1...50 {
            let answer = try relay.allocate(from: TestRelay.client(number)) { writer in
                try writer.append(EvenPort(reservesNext: false))
            }
            #expect(try answer?.first(XORRelayedAddress.self)?.address.port.isMultiple(of: 2) == true)
            #expect(try answer?.first(ReservationToken.self) == nil)
        }
        #expect(relay.sockets.count == 50)
    }

    @Test func theNextPortIsKeptForWhoHasTheToken() throws {
        var relay = try TestRelay()
        let (_, token, even) = try Self.pair(&relay)
        #expect(even.port.isMultiple(of: 2))
        let odd = TransportAddress(ip: even.ip, port: even.port + 1)
        #expect(relay.sockets.count == 2)
        let socket = try relay.socket(at: odd)
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 == .drop(.noRelay))
        let second = try relay.allocate(from: TestRelay.client(2)) { try $0.append(token) }
        #expect(try second?.first(XORRelayedAddress.self)?.address == odd)
        #expect(relay.sockets.count == 2)
        #expect(relay.engine.violatedInvariant() == nil)
        _ = try relay.permit(TestRelay.peer, from: TestRelay.client(2))
        guard case .deliver = relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 else { throw Missing() }
        // Once.
        #expect(try relay.allocate(from: TestRelay.client(3)) { try $0.append(token) }?.error == 508)
        // The one does not end with the other, nor by the time of the reservation.
        _ = try relay.refresh(0)
        relay.pass(seconds: 31)
        #expect(relay.sockets.count == 1)
        guard case .deliver = relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 else { throw Missing() }
    }

    @Test(arguments: [0, 29_999_999_999, 30_000_000_000] as [UInt64])
    func isKeptForThirtySeconds(nanoseconds: UInt64) throws {
        var relay = try TestRelay()
        let (_, token, _) = try Self.pair(&relay)
        relay.pass(nanoseconds: nanoseconds)
        let isKept = nanoseconds < 30_000_000_000
        #expect(relay.sockets.count == (isKept ? 2 : 1))
        let answer = try relay.allocate(from: TestRelay.client(2)) { try $0.append(token) }
        #expect(answer?.error == (isKept ? nil : 508))
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test func outlivesItsAllocation() throws {
        var relay = try TestRelay()
        let (_, token, _) = try Self.pair(&relay)
        _ = try relay.refresh(0)
        #expect(relay.sockets.count == 1)
        #expect(try relay.allocate(from: TestRelay.client(2)) { try $0.append(token) }?.isSuccess == true)
    }

    @Test func isNobodyElses() throws {
        var relay = try TestRelay()
        let (_, token, _) = try Self.pair(&relay)
        let other = try relay.allocate(from: TestRelay.client(2), user: "other", password: "word") {
            try $0.append(token)
        }
        #expect(other?.error == 508)
        #expect(try relay.allocate(from: TestRelay.client(3)) { try $0.append(token) }?.isSuccess == true)
    }

    @Test func aRetransmissionWithATokenGetsTheSameAnswer() throws {
        var relay = try TestRelay()
        let (_, token, _) = try Self.pair(&relay)
        let bytes = try relay.makeRequest(.allocate, from: TestRelay.client(2)) { writer in
            try writer.append(RequestedTransport.udp)
            try writer.append(token)
        }
        let flow = relay.flow(TestRelay.client(2))
        #expect(relay.receive(bytes, from: flow) == .answer(from: relay.udp))
        let first = relay.engine.answer
        #expect(relay.receive(bytes, from: flow) == .answer(from: relay.udp))
        #expect(relay.engine.answer == first)
        #expect(try TestAnswer(first).isSuccess)
    }

    /// When the port behind an even one is taken, both are given back, and the next two are tried.
    @Test func takesBothPortsOrNone() throws {
        var relay = try TestRelay { $0.relayPorts = 50_000...50_003 }
        relay.taken = [50_001]
        let (_, _, even) = try Self.pair(&relay)
        #expect(even.port == 50_002)
        #expect(Set(relay.sockets.values.map(\.port)) == [50_002, 50_003])
        #expect(relay.engine.violatedInvariant() == nil)
        let next = try relay.allocate(from: TestRelay.client(2)) { try $0.append(EvenPort(reservesNext: true)) }
        #expect(next?.error == 508)
        #expect(Set(relay.sockets.values.map(\.port)) == [50_002, 50_003])
        #expect(
            try relay.allocate(from: TestRelay.client(3)) { try $0.append(EvenPort(reservesNext: false)) }?.isSuccess
                == true
        )
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test(arguments: [1, 2] as [Int])
    func aMachineWithoutSocketsSaysSo(failingSocket: Int) throws {
        var relay = try TestRelay()
        relay.unavailable = [failingSocket]
        #expect(try relay.allocate { try $0.append(EvenPort(reservesNext: true)) }?.error == 508)
        #expect(relay.sockets.isEmpty)
        #expect(relay.tables == [:])
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test(arguments: [50_000...50_000, 50_001...50_001, 65_535...65_535, 50_001...50_002] as [ClosedRange<UInt16>])
    func aRangeWithoutAPairHasNone(range: ClosedRange<UInt16>) throws {
        var relay = try TestRelay { $0.relayPorts = range }
        #expect(try relay.allocate { try $0.append(EvenPort(reservesNext: true)) }?.error == 508)
        let even = try relay.allocate { try $0.append(EvenPort(reservesNext: false)) }
        #expect(even?.isSuccess == range.contains { $0.isMultiple(of: 2) })
        #expect(relay.tables["quota"] == (even?.isSuccess == true ? 1 : nil))
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test func theEndOfTheServerClosesWhatIsKept() throws {
        var relay = try TestRelay()
        _ = try Self.pair(&relay)
        relay.engine.shutDown()
        relay.drain()
        #expect(relay.sockets.isEmpty)
        #expect(relay.tables == [:])
    }
}
