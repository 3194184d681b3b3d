import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// What whoever serves a client's connection is told of the client, who would have to read the answers otherwise.
@Suite struct ConnectionTests {
    private static let client = TestRelay.client()
    private static let other = TestRelay.client(1, port: 6000)

    @Test func aConnectionLearnsOfProofAllocationAndEnd() throws {
        var relay = try TestRelay { $0.quotas = AllocationQuotas(total: 1) }
        let flow = relay.flow(over: relay.tcp)
        // Nothing that anybody may ask for is proof of anything.
        _ = try relay.request(.binding, over: relay.tcp, signature: .missing)
        for signature in TestRelay.Signature.allCases where signature != .good {
            _ = try relay.request(.allocate, over: relay.tcp, signature: signature) { writer in
                try writer.append(RequestedTransport.udp)
            }
        }
        #expect(relay.told == [])
        let id = TransactionID.random()
        for _ in 1...2 {
            let answer = try relay.request(.allocate, over: relay.tcp, transactionID: id) { writer in
                try writer.append(RequestedTransport.udp)
            }
            #expect(answer?.isSuccess == true)
        }
        // A retransmission gets the answer again, and begins nothing.
        #expect(relay.told == [.authenticated(flow), .began(flow), .authenticated(flow)])
        relay.told = []
        #expect(try relay.allocate(from: Self.other, over: relay.tcp)?.error == 508)
        #expect(relay.told == [.authenticated(relay.flow(Self.other, over: relay.tcp))], "proof is not success")
        relay.told = []
        #expect(try relay.refresh(0, over: relay.tcp)?.isSuccess == true)
        #expect(relay.told == [.authenticated(flow), .ended(flow)])
    }

    @Test func nobodyIsToldOfDatagrams() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let ticket = try relay.allocate { try $0.append(MobilityTicket()) }?.first(MobilityTicket.self)
        let moved = try relay.request(.refresh, from: Self.other) { try $0.append(try #require(ticket)) }
        #expect(moved?.isSuccess == true)
        #expect(try relay.refresh(0, from: Self.other)?.isSuccess == true)
        #expect(try relay.request(.connectionBind)?.error == 400)
        #expect(relay.told == [])
    }

    /// An allocation that moves begins where it arrives, and ends where it was: a connection without one has other
    /// deadlines.
    @Test(arguments: [("tcp", "tcp"), ("tcp", "udp"), ("udp", "tcp"), ("closed", "tcp"), ("closed", "udp")])
    func anAllocationThatMovesIsToldToBoth(from: String, to: String) throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let (before, after) = (from == "udp" ? relay.udp : relay.tcp, to == "udp" ? relay.udp : relay.tcp)
        let ticket = try relay.allocate(over: before) { try $0.append(MobilityTicket()) }?.first(MobilityTicket.self)
        if from == "closed" {
            relay.engine.clientDisconnected(relay.flow(over: before))
            relay.drain()
        }
        relay.told = []
        let answer = try relay.request(.refresh, from: Self.other, over: after) { writer in
            try writer.append(try #require(ticket))
        }
        #expect(answer?.isSuccess == true)
        let flow = relay.flow(Self.other, over: after)
        let arrival: [RelayEngine.Output] = to == "tcp" ? [.authenticated(flow), .began(flow)] : []
        let departure: [RelayEngine.Output] = from == "tcp" ? [.ended(relay.flow(over: before))] : []
        #expect(relay.told.filter { !departure.contains($0) } == arrival)
        #expect(relay.told.filter { departure.contains($0) } == departure)
        #expect(relay.engine.violatedInvariant() == nil)
    }

    /// Behind a ConnectionBind the connection waits: whatever comes of it but the peer's connection has to be said.
    @Test(arguments: [
        "unsigned", "wrongly signed", "unknown", "without id", "other user", "control connection", "bad fingerprint",
        "malformed", "no TURN", "joined", "forwarded", "UDP",
    ])
    func aConnectionLearnsThatItIsNotJoined(trial: String) throws {
        var relay = try TestRelay(of: 2)
        _ = try relay.allocateTCP()
        var connection = try relay.establish()
        if trial == "unknown" { connection = PeerConnectionID(number: connection.number ^ 0x100) }
        if trial == "forwarded" { connection = PeerConnectionID(number: connection.number | 1) }
        if trial == "no TURN" { relay = try TestRelay { $0.authenticator = nil } }
        relay.told = []
        let source = trial == "control connection" ? Self.client : Self.other
        var bytes = try relay.makeRequest(
            .connectionBind,
            from: source,
            user: trial == "other user" ? "other" : "user",
            password: trial == "other user" ? "word" : "pass",
            signature: trial == "unsigned" ? .missing : trial == "wrongly signed" ? .wrong : .good
        ) { writer in
            if trial != "without id" { try writer.append(ConnectionID(connection.number)) }
        }
        if trial == "bad fingerprint" {
            var writer = STUNMessageWriter(MessageType(.request, .connectionBind), transactionID: .random())
            try writer.append(ConnectionID(connection.number))
            try writer.appendFingerprint()
            bytes = Array(buffer: writer.finish())
            bytes[bytes.count - 1] ^= 1
        }
        // An attribute that is longer than the message.
        if trial == "malformed" { bytes[22] = 0xFF }
        let flow = relay.flow(source, over: trial == "UDP" ? relay.udp : relay.tcp)
        _ = relay.receive(bytes, from: flow)
        let isTold = !["joined", "forwarded", "UDP"].contains(trial)
        #expect(relay.told.contains(.notJoined(flow)) == isTold)
        #expect(relay.outputs.contains(.join(connection, flow)) == (trial == "joined"))
    }
}
