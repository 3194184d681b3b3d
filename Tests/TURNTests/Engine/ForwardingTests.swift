import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// Three engines of one server, of which flows arrive at the first.
private struct TestServer: ~Copyable {
    var first: TestRelay
    var second: TestRelay
    var third: TestRelay
    /// How often a message went on.
    var forwarded = 0

    init(_ change: (inout RelayConfiguration) -> Void = { _ in }) throws {
        let engines = 3
        let zeroth = try TestRelay(index: 0, of: engines, change)
        let next = try TestRelay(index: 1, of: engines, change)
        let last = try TestRelay(index: 2, of: engines, change)
        first = zeroth
        second = next
        third = last
    }

    mutating func receive(_ bytes: [UInt8], from flow: FiveTuple) throws -> RelayEngine.OnReceive {
        var result = first.receive(bytes, from: flow)
        if case .forward(let index) = result {
            forwarded += 1
            result =
                index == 1
                ? second.receive(bytes, from: flow, forwardedBy: 0) : third.receive(bytes, from: flow, forwardedBy: 0)
            lastAnswer = index == 1 ? second.engine.answer : third.engine.answer
        } else {
            lastAnswer = first.engine.answer
        }
        if case .forward = result { Issue.record("what was handed on is handed on again") }
        release()
        return result
    }

    var lastAnswer = ByteBuffer()

    mutating func request(
        _ method: STUN.Method,
        from client: TransportAddress = TestRelay.client(7),
        signature: TestRelay.Signature = .good,
        _ body: (inout STUNMessageWriter) throws -> Void = { _ in }
    ) throws -> TestAnswer {
        let bytes = try first.makeRequest(method, from: client, signature: signature, .random(), body)
        guard case .answer = try receive(bytes, from: first.flow(client)) else { throw Missing() }
        return try TestAnswer(lastAnswer)
    }

    mutating func release() {
        second.drain()
        third.drain()
        for case .released(let flow, let index) in second.outputs + third.outputs {
            #expect(index == 0)
            first.engine.stopForwarding(flow)
        }
        second.outputs = []
        third.outputs = []
    }

    mutating func pass(seconds: UInt64) {
        first.pass(seconds: seconds)
        second.pass(seconds: seconds)
        third.pass(seconds: seconds)
        release()
    }

    /// A port that the second engine keeps.
    mutating func makeToken() throws -> ReservationToken {
        let answer = try second.allocate { try $0.append(EvenPort(reservesNext: true)) }
        guard let token = try answer?.first(ReservationToken.self) else { throw Missing() }
        return token
    }

    mutating func allocate(_ token: ReservationToken) throws -> TestAnswer {
        try request(.allocate) { writer in
            try writer.append(RequestedTransport.udp)
            try writer.append(token)
        }
    }
}

@Suite struct ForwardingTests {
    private static let client = TestRelay.client(7)

    @Test func aTokenOfAnotherEngineIsGood() throws {
        var server = try TestServer()
        let answer = try server.allocate(server.makeToken())
        #expect(answer.isSuccess)
        #expect(server.first.tables["forwarding"] == 1)
        #expect(server.second.tables["allocations"] == 2)
        // All that follows goes the same way.
        let bound = try server.request(.channelBind) { writer in
            try writer.append(ChannelNumber(0x4000))
            try writer.append(XORPeerAddress(TestRelay.peer))
        }
        #expect(bound.isSuccess)
        let flow = server.first.flow(Self.client)
        guard case .relay = try server.receive([0x40, 0, 0, 0], from: flow) else { throw Missing() }
        let indication = try TestRelay.makeIndication { writer in
            try writer.append(XORPeerAddress(TestRelay.peer))
            try writer.append(.data, [1])
        }
        guard case .relay = try server.receive(indication, from: flow) else { throw Missing() }
        #expect(server.forwarded == 4)
        // Until it ends.
        #expect(try server.request(.refresh) { try $0.append(Lifetime(seconds: 0)) }.isSuccess)
        #expect(server.first.tables == [:])
        #expect(try server.receive([0x40, 0, 0, 0], from: flow) == .drop(.noAllocation))
        #expect(try server.request(.refresh).error == 437)
        #expect(server.forwarded == 5)
    }

    @Test func expiryReleasesTheFlow() throws {
        var server = try TestServer()
        #expect(try server.allocate(server.makeToken()).isSuccess)
        server.pass(seconds: 600)
        #expect(server.first.tables == [:])
        #expect(server.second.tables == [:])
    }

    @Test func aRetransmissionGoesTheSameWay() throws {
        var server = try TestServer()
        let token = try server.makeToken()
        let bytes = try server.first.makeRequest(.allocate, from: Self.client) { writer in
            try writer.append(RequestedTransport.udp)
            try writer.append(token)
        }
        let flow = server.first.flow(Self.client)
        _ = try server.receive(bytes, from: flow)
        let first = server.lastAnswer
        _ = try server.receive(bytes, from: flow)
        #expect(server.lastAnswer == first)
        #expect(try TestAnswer(first).isSuccess)
    }

    /// What comes to nothing is not remembered.
    @Test func aRefusalReleasesTheFlow() throws {
        var server = try TestServer { $0.relayPorts = 50_000...50_003 }
        #expect(try server.allocate(ReservationToken(0x0102_0304_0506_0701)).error == 508)
        #expect(server.forwarded == 1)
        #expect(server.first.tables == [:])
        #expect(try server.allocate(ReservationToken(0x0102_0304_0506_07FF)).error == 508)
        #expect(server.forwarded == 1)
        // Unsigned requests, or wrongly signed ones, never leave the engine that they come to.
        for signature: TestRelay.Signature in [.missing, .wrong, .withoutNonce, .withOldNonce] {
            let token = try server.makeToken()
            let answer = try server.request(.allocate, signature: signature) { writer in
                try writer.append(RequestedTransport.udp)
                try writer.append(token)
            }
            #expect(answer.error != nil)
            server.second.engine.shutDown()
            server.release()
        }
        #expect(server.forwarded == 1)
        #expect(server.first.tables == [:])
    }

    /// The second engine may find that a credential has ended which the first still took.
    @Test func aRefusedSignatureReleasesTheFlow() throws {
        var relay = try TestRelay(index: 1, of: 2)
        let flow = relay.flow(Self.client)
        for signature in TestRelay.Signature.allCases {
            let bytes = try relay.makeRequest(.refresh, from: Self.client, signature: signature)
            _ = relay.receive(bytes, from: flow, forwardedBy: 0)
            #expect(relay.outputs == [.released(flow, to: 0)])
            relay.outputs = []
        }
        #expect(relay.receive([0x40, 0, 0, 0], from: flow, forwardedBy: 0) == .drop(.noAllocation))
        #expect(relay.outputs == [.released(flow, to: 0)])
    }

    @Test func aFlowIsReleasedOnce() throws {
        var server = try TestServer()
        #expect(try server.allocate(server.makeToken()).isSuccess)
        let bytes = try server.first.makeRequest(.refresh, from: Self.client) { try $0.append(Lifetime(seconds: 0)) }
        let flow = server.first.flow(Self.client)
        _ = server.second.receive(bytes, from: flow, forwardedBy: 0)
        #expect(server.second.outputs == [.released(flow, to: 0)])
    }

    /// A ticket in the right form that no engine has made.
    private static func makeTicket(engine: UInt8) -> MobilityTicket {
        MobilityTickets().make(.init(slot: 0, generation: 0, moves: 0), engine: engine)
    }

    /// Nothing is handed on twice, or two engines could play ball with it.
    @Test func whatWasHandedOnIsNotHandedOnAgain() throws {
        var relay = try TestRelay(index: 1, of: 3) { $0.allowsMobility = true }
        let flow = relay.flow(Self.client, over: relay.tcp)
        let allocate = try relay.makeRequest(.allocate, from: Self.client) { writer in
            try writer.append(RequestedTransport.udp)
            try writer.append(ReservationToken(2))
        }
        let move = try relay.makeRequest(.refresh, from: Self.client) { writer in
            try writer.append(Self.makeTicket(engine: 2))
        }
        let join = try relay.makeRequest(.connectionBind, from: Self.client) { try $0.append(ConnectionID(2)) }
        for (bytes, code) in [(allocate, 508), (move, 508), (join, 400)] {
            #expect(relay.receive(bytes, from: flow, forwardedBy: 0) == .answer(from: relay.tcp))
            #expect(try TestAnswer(relay.engine.answer).error == code)
            #expect(relay.receive(bytes, from: flow) == .forward(to: 2))
            relay.engine.stopForwarding(flow)
        }
    }

    @Test func aTicketOfAnotherEngineIsGood() throws {
        var server = try TestServer { $0.allowsMobility = true }
        let allocated = try server.second.allocate { try $0.append(MobilityTicket()) }
        let ticket = try #require(try allocated?.first(MobilityTicket.self))
        let moved = try server.request(.refresh) { try $0.append(ticket) }
        #expect(moved.isSuccess)
        #expect(server.first.tables["forwarding"] == 1)
        let next = try #require(try moved.first(MobilityTicket.self))
        // On to another flow that arrives at the first engine: the one before is released.
        #expect(try server.request(.refresh, from: TestRelay.client(8)) { try $0.append(next) }.isSuccess)
        #expect(server.first.tables["forwarding"] == 1)
        #expect(try server.request(.refresh).error == 437)
        server.pass(seconds: 600)
        #expect(server.first.tables == [:])
        #expect(server.second.tables == [:])
    }

    @Test func aForeignTicketThatIsMadeUpReleasesTheFlow() throws {
        var server = try TestServer { $0.allowsMobility = true }
        for ticket in [Self.makeTicket(engine: 1), try MobilityTicket([UInt8](repeating: 65, count: 5))] {
            #expect(try server.request(.refresh) { try $0.append(ticket) }.error == 400)
        }
        #expect(server.forwarded == 1)
        #expect(server.first.tables == [:])
    }

    /// Behind the answer come the peer's bytes, so nothing is remembered.
    @Test func connectionsAreJoinedByTheirEngine() throws {
        var server = try TestServer()
        _ = try server.second.allocateTCP()
        let connection = try server.second.establish()
        let client = TestRelay.client(1, port: 9)
        let flow = server.first.flow(client, over: server.first.tcp)
        let bytes = try server.first.makeRequest(.connectionBind, from: client) { writer in
            try writer.append(ConnectionID(connection.number))
        }
        #expect(server.first.receive(bytes, from: flow) == .forward(to: 1))
        #expect(server.first.tables == [:])
        #expect(server.second.receive(bytes, from: flow, forwardedBy: 0) == .answer(from: flow.listener))
        #expect(try TestAnswer(server.second.engine.answer).isSuccess)
        #expect(server.second.outputs.contains(.join(connection, flow)))
    }
}
