import NIOCore
import Testing

@testable import STUN
@testable import TURN

extension TestRelay {
    /// Makes an allocation of RFC 6062.
    mutating func allocateTCP(number: UInt32 = 1) throws -> RelayID {
        let known = Set(sockets.keys)
        let answer = try request(.allocate, from: Self.client(number), over: tcp) { writer in
            try writer.append(RequestedTransport.tcp)
        }
        #expect(answer?.isSuccess == true)
        guard let relay = sockets.keys.first(where: { !known.contains($0) }) else { throw Missing() }
        return relay
    }

    /// Asks for a connection; gives the answer, or what the driver is to connect.
    mutating func connect(to peer: TransportAddress = TestRelay.peer) throws -> (TestAnswer?, PeerConnectionID?) {
        outputs = []
        let answer = try request(.connect, over: tcp) { try $0.append(XORPeerAddress(peer)) }
        guard case .connect(let connection, _, _) = outputs.first else { return (answer, nil) }
        return (answer, connection)
    }

    /// The message to the client among what the engine asked for.
    mutating func takeMessage() throws -> TestAnswer {
        drain()
        defer { outputs = [] }
        for case .send(_, let buffer) in outputs { return try TestAnswer(buffer) }
        throw Missing()
    }

    /// Connects to the peer, and gives the connection that waits for the client.
    mutating func establish(to peer: TransportAddress = TestRelay.peer) throws -> PeerConnectionID {
        guard let connection = try connect(to: peer).1 else { throw Missing() }
        engine.peerConnected(connection, at: now)
        let answer = try takeMessage()
        #expect(answer.isSuccess)
        #expect(try answer.first(ConnectionID.self)?.id == connection.number)
        return connection
    }

    mutating func bindConnection(
        _ connection: PeerConnectionID,
        from client: TransportAddress = TestRelay.client(1, port: 5001),
        user: String = "user",
        password: String = "pass"
    ) throws -> TestAnswer? {
        outputs = []
        return try request(.connectionBind, from: client, over: tcp, user: user, password: password) { writer in
            try writer.append(ConnectionID(connection.number))
        }
    }
}

@Suite struct PeerConnectionTests {
    private static let peers: [String: (String, UInt16)] = [
        "new": ("1.1.1.1", 80), "connecting": ("1.1.1.2", 80), "connected": ("1.1.1.3", 80), "denied": ("10.0.0.1", 80),
        "IPv6": ("2606:4700::1", 80), "port 0": ("1.1.1.1", 0), "another port": ("1.1.1.2", 81),
    ]

    /// RFC 6062 §5.2.
    private static let table = RequestTable(
        factors: RequestTable.common + [
            ("state", ["own", "none", "other user's", "UDP"]),
            ("peer", ["new", "missing", "malformed"] + peers.keys.filter { $0 != "new" }.sorted()),
            ("room", ["enough", "none"]),
        ],
        rules: RequestTable.commonRules + [
            .init(437, "state", "none"), .init(441, "state", "other user's"), .init(400, "state", "UDP"),
            .init(400, "peer", "missing", "malformed"), .init(446, "peer", "connecting", "connected"),
            .init(443, "peer", "IPv6"), .init(403, "peer", "denied", "port 0"), .init(508, "room", "none"),
        ]
    )

    private static func address(_ name: String) -> TransportAddress? {
        peers[name].flatMap { text, port in IPAddress(text).map { TransportAddress(ip: $0, port: port) } }
    }

    @Test(arguments: table.trials)
    func checksConnectInOrder(trial: Trial) throws {
        var relay = try TestRelay { $0.maximumPeerConnections = trial["room"] == "none" ? 2 : 3 }
        let listener = relay.tcp
        switch trial["state"] {
        case "own": _ = try relay.allocateTCP()
        case "other user's": #expect(try relay.allocate(over: listener, user: "other", password: "word") != nil)
        case "UDP": #expect(try relay.allocate(over: listener)?.isSuccess == true)
        default: break
        }
        if trial["state"] == "own" {
            _ = try relay.connect(to: try #require(Self.address("connecting")))
            _ = try relay.establish(to: try #require(Self.address("connected")))
        }
        relay.outputs = []
        let answer = try relay.request(.connect, over: listener, signature: trial.signature) { writer in
            try writer.appendUnknown(trial)
            if let peer = Self.address(trial["peer"]) { try writer.append(XORPeerAddress(peer)) }
            if trial["peer"] == "malformed" { try writer.append(.xorPeerAddress, [0, 3, 0, 0, 1, 1, 1, 1]) }
        }
        #expect(answer?.error == Self.table.expected(trial))
        let connects = relay.outputs.contains { if case .connect = $0 { true } else { false } }
        #expect(connects == (Self.table.expected(trial) == nil))
        #expect(relay.engine.violatedInvariant() == nil)
    }

    @Test func aConnectionIsJoined() throws {
        var relay = try TestRelay()
        let socket = try relay.allocateTCP()
        let (answer, connection) = try relay.connect()
        #expect(answer == nil, "the answer waits for the peer")
        guard let connection else { throw Missing() }
        #expect(relay.outputs == [.connect(connection, from: socket, to: TestRelay.peer)])
        relay.engine.peerConnected(connection, at: relay.now)
        #expect(try relay.takeMessage().first(ConnectionID.self)?.id == connection.number)
        #expect(try relay.bindConnection(connection)?.isSuccess == true)
        let data = relay.flow(TestRelay.client(1, port: 5001), over: relay.tcp)
        #expect(relay.outputs == [.join(connection, data)])
        // RFC 6062 §5.4: it is joined once, and lasts beyond the 30 s.
        #expect(try relay.bindConnection(connection, from: TestRelay.client(1, port: 5002))?.error == 400)
        relay.pass(seconds: 31)
        #expect(relay.tables["connections"] == 1)
        relay.outputs = []
        relay.engine.clientDisconnected(data)
        relay.drain()
        #expect(relay.outputs == [.abandon(connection)])
        #expect(relay.tables["connections"] == nil)
        #expect(relay.tables["allocations"] == 1)
    }

    @Test func aFailureIsReported() throws {
        var relay = try TestRelay()
        _ = try relay.allocateTCP()
        guard let connection = try relay.connect().1 else { throw Missing() }
        relay.engine.peerNotConnected(connection)
        #expect(try relay.takeMessage().error == 447)
        #expect(relay.tables["connections"] == nil)
        // And it may be tried again.
        #expect(try relay.connect().1 != nil)
    }

    @Test(arguments: [29_999_999_999, 30_000_000_000] as [UInt64])
    func waitsThirtySecondsForTheClient(nanoseconds: UInt64) throws {
        var relay = try TestRelay()
        _ = try relay.allocateTCP()
        let connection = try relay.establish()
        relay.pass(nanoseconds: nanoseconds)
        let isThere = nanoseconds < 30_000_000_000
        #expect(relay.outputs == (isThere ? [] : [.abandon(connection)]))
        #expect(try relay.bindConnection(connection)?.error == (isThere ? nil : 400))
    }

    @Test func aPeerWithPermissionMayConnect() throws {
        var relay = try TestRelay()
        let socket = try relay.allocateTCP()
        #expect(relay.engine.peerAccepted(from: TestRelay.peer, on: socket, at: relay.now) == nil)
        #expect(try relay.permit(TestRelay.peer, over: relay.tcp)?.isSuccess == true)
        let accepted = relay.engine.peerAccepted(from: TestRelay.peer, on: socket, at: relay.now)
        let connection = try #require(accepted)
        let indication = try relay.takeMessage()
        #expect(indication.type == MessageType(.indication, .connectionAttempt))
        #expect(try indication.first(ConnectionID.self)?.id == connection.number)
        #expect(try indication.first(XORPeerAddress.self)?.address == TestRelay.peer)
        #expect(try relay.bindConnection(connection)?.isSuccess == true)
        // The same peer again, an ended permission, and a relay that is none.
        #expect(relay.engine.peerAccepted(from: TestRelay.peer, on: socket, at: relay.now) == nil)
        relay.pass(seconds: 300)
        let other = TransportAddress(ip: TestRelay.peer.ip, port: 1)
        #expect(relay.engine.peerAccepted(from: other, on: socket, at: relay.now) == nil)
        _ = try relay.refresh(0, over: relay.tcp)
        #expect(relay.engine.peerAccepted(from: other, on: socket, at: relay.now) == nil)
        #expect(relay.tables == [:])
    }

    /// Behind a NAT that maps one to one, another relay's connection comes from its local address.
    @Test func aRelayBehindTheSameNATMayConnect() throws {
        let local = IPAddress(ipv4: 0x0A00_0005)
        var relay = try TestRelay { configuration in
            configuration.relayAddresses = [.init(TestRelay.relayAddress, local: local)]
            configuration.policy = PeerPolicy(relayAddresses: [TestRelay.relayAddress, local])
        }
        let socket = try relay.allocateTCP()
        let advertised = TransportAddress(ip: TestRelay.relayAddress, port: 50_000)
        #expect(try relay.permit(advertised, over: relay.tcp)?.isSuccess == true)
        let source = TransportAddress(ip: local, port: 50_000)
        #expect(relay.engine.peerAccepted(from: source, on: socket, at: relay.now) == nil)
        relay.engine.configuration.policy.relays.insert(advertised, source, over: .tcp)
        #expect(relay.engine.peerAccepted(from: source, on: socket, at: relay.now) != nil)
        #expect(try relay.takeMessage().first(XORPeerAddress.self)?.address == advertised)
    }

    @Test func acceptedOnesAreCountedToo() throws {
        var relay = try TestRelay { $0.maximumPeerConnections = 2 }
        let socket = try relay.allocateTCP()
        _ = try relay.permit(TestRelay.peer, over: relay.tcp)
        for port: UInt16 in [1, 2, 3] {
            let peer = TransportAddress(ip: TestRelay.peer.ip, port: port)
            let connection = relay.engine.peerAccepted(from: peer, on: socket, at: relay.now)
            #expect((connection != nil) == (port < 3))
        }
        #expect(try relay.connect().0?.error == 508)
    }

    @Test func connectionsEndWithTheirAllocation() throws {
        var relay = try TestRelay()
        _ = try relay.allocateTCP()
        let waiting = try relay.establish()
        let joined = try relay.establish(to: TransportAddress(ip: TestRelay.peer.ip, port: 1))
        #expect(try relay.bindConnection(joined)?.isSuccess == true)
        let connecting = try #require(try relay.connect(to: TransportAddress(ip: TestRelay.peer.ip, port: 2)).1)
        relay.outputs = []
        relay.engine.clientDisconnected(relay.flow(over: relay.tcp))
        relay.drain()
        #expect(Set(relay.outputs) == [.abandon(waiting), .abandon(joined), .abandon(connecting)])
        #expect(relay.tables == [:])
        // What was on its way comes too late.
        relay.outputs = []
        relay.engine.peerConnected(connecting, at: relay.now)
        relay.drain()
        #expect(relay.outputs == [.abandon(connecting)])
        relay.engine.peerNotConnected(connecting)
        relay.engine.peerDisconnected(waiting)
        relay.pass(seconds: 31)
        #expect(relay.outputs == [.abandon(connecting)])
    }

    @Test func anEndedPeerIsForgotten() throws {
        var relay = try TestRelay()
        _ = try relay.allocateTCP()
        let connection = try relay.establish()
        relay.engine.peerDisconnected(connection)
        #expect(try relay.bindConnection(connection)?.error == 400)
        #expect(try relay.connect().1 != nil)
    }

    /// RFC 6062 §5.4.
    @Test func connectionsAreJoinedByTheirUserOnlyAndFromFreshConnections() throws {
        var relay = try TestRelay()
        let control = TestRelay.client()
        _ = try relay.allocateTCP()
        let connection = try relay.establish()
        #expect(try relay.bindConnection(connection, user: "other", password: "word")?.error == 441)
        #expect(try relay.bindConnection(connection, from: control)?.error == 400, "the control connection")
        #expect(
            try relay.request(.connectionBind, over: relay.udp) { try $0.append(ConnectionID(connection.number)) }?
                .error == 400
        )
        #expect(try relay.request(.connectionBind, from: TestRelay.client(3), over: relay.tcp)?.error == 400)
        let malformed = try relay.request(.connectionBind, from: TestRelay.client(3), over: relay.tcp) { writer in
            try writer.append(.connectionID, [1])
        }
        #expect(malformed?.error == 400)
        let unknown = PeerConnectionID(number: connection.number ^ 0x100)
        #expect(try relay.bindConnection(unknown)?.error == 400)
        let noEngines = PeerConnectionID(number: connection.number | 0xFF)
        #expect(try relay.bindConnection(noEngines)?.error == 400)
        // One connection of the client's carries one of a peer's.
        let second = try relay.establish(to: TransportAddress(ip: TestRelay.peer.ip, port: 1))
        #expect(try relay.bindConnection(connection)?.isSuccess == true)
        #expect(try relay.bindConnection(second)?.error == 400)
        #expect(try relay.bindConnection(second, from: TestRelay.client(1, port: 5002))?.isSuccess == true)
    }

    /// Giving up one of two addresses ends the connections of that one.
    @Test func connectionsEndWithTheirAddress() throws {
        var relay = try TestRelay()
        let allocated = try relay.request(.allocate, over: relay.tcp) { writer in
            try writer.append(RequestedTransport.tcp)
            try writer.append(AdditionalAddressFamily(.ipv6))
        }
        #expect(allocated?.isSuccess == true)
        let ipv4 = try relay.establish()
        let ipv6 = try relay.establish(to: TestRelay.ipv6Peer)
        relay.outputs = []
        #expect(try relay.refresh(0, of: .ipv4, over: relay.tcp)?.isSuccess == true)
        #expect(relay.outputs == [.abandon(ipv4)])
        #expect(relay.engine.violatedInvariant() == nil)
        #expect(try relay.bindConnection(ipv6)?.isSuccess == true)
    }

    /// Clients sign a ConnectionBind with the nonce that they got on the control connection, from another port.
    @Test func theNonceOfTheControlConnectionIsGood() throws {
        var relay = try TestRelay()
        _ = try relay.allocateTCP()
        let connection = try relay.establish()
        for (client, error) in [(TestRelay.client(2, port: 5001), 438), (TestRelay.client(1, port: 5001), nil)]
            as [(TransportAddress, Int?)]
        {
            // Signed with the nonce of another port of the first client.
            let bytes = try relay.makeRequest(.connectionBind, from: TestRelay.client(1)) { writer in
                try writer.append(ConnectionID(connection.number))
            }
            let answer = relay.receive(bytes, from: relay.flow(client, over: relay.tcp))
            guard case .answer = answer else { throw Missing() }
            #expect(try TestAnswer(relay.engine.answer).error == error)
        }
    }

    /// RFC 6062 §5.1 and §4.1.
    @Test func tcpRelaysAreForTCPClientsAndTheirOwnAttributes() throws {
        var relay = try TestRelay()
        for type: AttributeType in [.evenPort, .reservationToken, .dontFragment] {
            let answer = try relay.request(.allocate, over: relay.tcp) { writer in
                try writer.append(RequestedTransport.tcp)
                let length = type == .evenPort ? 1 : type == .reservationToken ? 8 : 0
                try writer.append(type, [UInt8](repeating: 0, count: length))
            }
            #expect(answer?.error == 400)
        }
        _ = try relay.allocateTCP()
        _ = try relay.permit(TestRelay.peer, over: relay.tcp)
        #expect(try relay.send([1], over: relay.tcp) == .drop(.noRelay))
        // Unless asked for there are none.
        #expect(!RelayConfiguration().allowsTCPRelays)
        var without = try TestRelay { $0.allowsTCPRelays = false }
        let answer = try without.request(.allocate, over: without.tcp) { try $0.append(RequestedTransport.tcp) }
        #expect(answer?.error == 442)
    }
}
