import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct TimerTests {
    /// Whoever serves a connection learns that its client has no allocation any more, however it has ended.
    @Test(arguments: ["refresh", "expiry", "revoked"])
    func theEndOfAnAllocationIsToldToItsConnection(way: String) throws {
        var relay = try TestRelay()
        _ = try relay.allocate(over: relay.tcp)
        _ = try relay.allocate(from: TestRelay.client(2))
        #expect(relay.ended.isEmpty)
        switch way {
        case "refresh":
            _ = try relay.refresh(0, over: relay.tcp)
            _ = try relay.refresh(0, from: TestRelay.client(2))
        case "expiry": relay.pass(seconds: 600)
        default:
            relay.engine.endAllocations(of: .name("user"))
            relay.drain()
        }
        #expect(relay.sockets.isEmpty)
        #expect(relay.ended == [relay.flow(over: relay.tcp)])
    }

    /// After the last end nothing is left of anything.
    @Test func memoryIsGivenBack() throws {
        var relay = try TestRelay()
        for number: UInt32 in 1...20 {
            let client = TestRelay.client(number)
            let even = number.isMultiple(of: 2)
            _ = try relay.allocate(from: client) { writer in
                if even { try writer.append(EvenPort(reservesNext: true)) }
                try writer.append(Lifetime(seconds: 600 + 10 * number))
            }
            for peer: UInt16 in 0..<5 {
                let address = TransportAddress(ip: IPAddress(ipv4: 0x0101_0100 + UInt32(peer)), port: 1)
                _ = try relay.bind(0x4000 + peer, to: address, from: client)
            }
        }
        #expect(relay.tables["numbers"] == 100)
        #expect(relay.tables["reservations"] == 10)
        for _ in 0..<90 {
            relay.pass(seconds: 10)
            #expect(relay.engine.violatedInvariant() == nil)
        }
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
        #expect(relay.engine.nextDeadline == nil)
    }

    /// Permissions and channels of an allocation that goes on are given back when it is looked at.
    @Test func whatEndsBeforeItsAllocationIsGivenBackToo() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        for _ in 0..<3 {
            relay.pass(seconds: 400)
            #expect(try relay.refresh()?.isSuccess == true)
        }
        #expect(relay.tables == ["allocations": 1, "quota": 1])
    }

    /// The timers of allocations that came and went must not pile up until their time has come.
    @Test func comingAndGoingLeavesNoTimersBehind() throws {
        var relay = try TestRelay()
        for _ in 0..<500 {
            #expect(try relay.allocate { try $0.append(Lifetime(seconds: 3600)) }?.isSuccess == true)
            #expect(try relay.refresh(0)?.isSuccess == true)
            relay.pass(nanoseconds: 1)
        }
        #expect(relay.engine.timerCount <= 2)
        #expect(relay.engine.allocations.capacity == 1)
    }

    @Test func extendingLeavesNoTimersBehind() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        for round in 0..<500 {
            #expect(try relay.refresh(round.isMultiple(of: 2) ? 3600 : 600)?.isSuccess == true)
            relay.pass(nanoseconds: 1)
        }
        #expect(relay.engine.timerCount <= 2)
    }

    /// Whoever has a number of an earlier allocation has nothing of the next one.
    @Test func slotsAreUsedAgainByOthers() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        let first = try relay.onlySocket()
        _ = try relay.refresh(0)
        let client = TestRelay.client(2)
        _ = try relay.allocate(from: client, user: "other", password: "word")
        let second = try relay.onlySocket()
        #expect(first == second, "the number is used again")
        #expect(relay.receive([1], fromPeer: TestRelay.peer, on: second).0 == .drop(.noPermission))
        #expect(relay.sendChannelData([1], from: client) == .drop(.noChannel))
        #expect(relay.sendChannelData([1]) == .drop(.noAllocation))
        #expect(try relay.refresh()?.error == 437)
    }

    @Test func theEndOfTheServerEndsEverything() throws {
        var relay = try TestRelay()
        for number: UInt32 in 1...5 { _ = try relay.allocate(from: TestRelay.client(number)) }
        _ = try relay.allocateTCP(number: 6)
        relay.engine.shutDown()
        relay.drain()
        #expect(relay.sockets.isEmpty)
        #expect(relay.tables == [:])
        #expect(relay.engine.violatedInvariant() == nil)
    }
}
