import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct MobilityTests {
    private static let moved = TestRelay.client(1, port: 6000)

    private static func makeRelay() throws -> TestRelay {
        try TestRelay { $0.allowsMobility = true }
    }

    /// coturn's clients take a ticket for a C string of 32 characters at the most.
    @Test func ticketsAreShortTexts() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let ticket = try Self.allocate(&relay).bytes
        #expect(ticket.count == 32 && ticket.allSatisfy { (0x21...0x7E).contains($0) })
    }

    /// Makes an allocation with a channel; gives its ticket.
    private static func allocate(_ relay: inout TestRelay) throws -> MobilityTicket {
        let answer = try relay.allocate { try $0.append(MobilityTicket()) }
        #expect(try relay.bind(0x4000)?.isSuccess == true)
        guard let ticket = try answer?.first(MobilityTicket.self) else { throw Missing() }
        return ticket
    }

    private static func move(
        _ relay: inout TestRelay,
        _ ticket: MobilityTicket,
        to client: TransportAddress = moved,
        user: String = "user",
        password: String = "pass",
        _ body: (inout STUNMessageWriter) throws -> Void = { _ in }
    ) throws -> TestAnswer? {
        try relay.request(.refresh, from: client, user: user, password: password) { writer in
            try writer.append(ticket)
            try body(&writer)
        }
    }

    @Test func anAllocationMovesWithAllThatItHas() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        let socket = try relay.onlySocket()
        let answer = try Self.move(&relay, ticket)
        #expect(answer?.isSuccess == true)
        #expect(try answer?.first(Lifetime.self)?.seconds == 600)
        #expect(relay.sendChannelData([1]) == .drop(.noAllocation))
        guard case .relay = relay.sendChannelData([1], from: Self.moved) else { throw Missing() }
        let (delivery, _) = relay.receive([1], fromPeer: TestRelay.peer, on: socket)
        #expect(delivery == .deliver(to: relay.flow(Self.moved), headerLength: 4, padding: 0))
        #expect(relay.tables["quota"] == 1)
        #expect(relay.engine.violatedInvariant() == nil)
        // The flow that it left is free.
        #expect(try relay.refresh()?.error == 437)
        #expect(try relay.allocate()?.isSuccess == true)
    }

    @Test func aTicketIsGoodForOneMove() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        let next = try #require(try Self.move(&relay, ticket)?.first(MobilityTicket.self))
        #expect(next != ticket)
        #expect(try Self.move(&relay, ticket, to: TestRelay.client(3))?.error == 400)
        // The retransmission finds the allocation where it is, and gets the same ticket.
        #expect(try Self.move(&relay, ticket)?.first(MobilityTicket.self) == next)
        #expect(try Self.move(&relay, next, to: TestRelay.client(3))?.isSuccess == true)
        #expect(try relay.refresh(from: Self.moved)?.error == 437)
    }

    @Test func aTicketIsNobodyElses() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        #expect(try Self.move(&relay, ticket, user: "other", password: "word")?.error == 441)
        #expect(relay.tables["allocations"] == 1)
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
    }

    @Test func everyChangedBitMakesATicketWorthless() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        let outputs = relay.outputs
        for bit in 0..<(ticket.bytes.count * 8) {
            var bytes = ticket.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(try Self.move(&relay, MobilityTicket(bytes))?.error == 400)
        }
        for length in [0, 1, 31, 33, 256] {
            let bytes = Array((ticket.bytes + [UInt8](repeating: 0, count: 256)).prefix(length))
            #expect(try Self.move(&relay, MobilityTicket(bytes))?.error == 400)
        }
        // The first byte is the engine's: there is no other.
        let otherEngines = MobilityTickets().make(.init(slot: 0, generation: 1, moves: 0), engine: 1)
        #expect(try Self.move(&relay, otherEngines)?.error == 400)
        #expect(relay.outputs == outputs)
        #expect(relay.tables["forwarding"] == nil)
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
    }

    /// Whoever loses a connection by a change of networks has nothing else left to come back with.
    @Test func anAllocationOutlivesItsConnection() throws {
        var relay = try Self.makeRelay()
        let answer = try relay.allocate(over: relay.tcp) { try $0.append(MobilityTicket()) }
        let ticket = try #require(try answer?.first(MobilityTicket.self))
        #expect(try relay.permit(TestRelay.peer, over: relay.tcp)?.isSuccess == true)
        let socket = try relay.onlySocket()
        let former = FiveTuple(client: TestRelay.client(), listener: relay.tcp)
        relay.engine.clientDisconnected(former)
        relay.drain()
        #expect(relay.engine.violatedInvariant() == nil)
        // A new connection from the same address has no part in it.
        #expect(relay.receive([0x40, 0, 0, 0], from: former) == .drop(.noAllocation))
        guard case .deliver(let nobody, _, _) = relay.receive([1], fromPeer: TestRelay.peer, on: socket).0 else {
            throw Missing()
        }
        #expect(nobody.client.port == 0)
        #expect(try Self.move(&relay, ticket)?.isSuccess == true)
        #expect(relay.engine.violatedInvariant() == nil)
        #expect(try relay.onlySocket() == socket)
        relay.pass(seconds: 600)
        #expect(relay.tables.isEmpty)
    }

    @Test func aTicketEndsWithItsAllocation() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        _ = try relay.refresh(0)
        #expect(try Self.move(&relay, ticket)?.error == 400)
        // Nor is it good for the next allocation in the same place.
        #expect(try relay.allocate { try $0.append(MobilityTicket()) }?.isSuccess == true)
        #expect(try Self.move(&relay, ticket)?.error == 400)
    }

    @Test func whoAsksForNoTicketGetsNone() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        #expect(try relay.allocate()?.first(MobilityTicket.self) == nil)
        #expect(try relay.refresh()?.first(MobilityTicket.self) == nil)
    }

    /// What is refused moves nothing.
    @Test(arguments: ["malformed lifetime", "malformed family", "missing family"])
    func aRefusedMoveMovesNothing(fault: String) throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        let answer = try Self.move(&relay, ticket) { writer in
            switch fault {
            case "malformed lifetime": try writer.append(.lifetime, [1])
            case "malformed family": try writer.append(.requestedAddressFamily, [1])
            default: try writer.append(RequestedAddressFamily(.ipv6))
            }
        }
        #expect(answer?.error == (fault == "missing family" ? 443 : 400))
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
        #expect(try Self.move(&relay, ticket)?.isSuccess == true)
    }

    @Test func aMoveMayBeTheEnd() throws {
        var relay = try Self.makeRelay()
        let ticket = try Self.allocate(&relay)
        let answer = try Self.move(&relay, ticket) { try $0.append(Lifetime(seconds: 0)) }
        #expect(try answer?.first(Lifetime.self)?.seconds == 0)
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
    }

    @Test func aTCPRelayStays() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let allocated = try relay.request(.allocate, over: relay.tcp) { writer in
            try writer.append(RequestedTransport.tcp)
            try writer.append(MobilityTicket())
        }
        let ticket = try #require(try allocated?.first(MobilityTicket.self))
        #expect(try Self.move(&relay, ticket)?.error == 405)
    }

    @Test func theEndOfTheFormerConnectionIsNotThatOfTheAllocation() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let allocated = try relay.allocate(over: relay.tcp) { try $0.append(MobilityTicket()) }
        let ticket = try #require(try allocated?.first(MobilityTicket.self))
        #expect(try Self.move(&relay, ticket)?.isSuccess == true)
        relay.engine.clientDisconnected(relay.flow(over: relay.tcp))
        #expect(relay.tables["allocations"] == 1)
    }
}
