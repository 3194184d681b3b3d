import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// What was tried on other relays, and must come to nothing here.
@Suite struct AbuseTests {
    /// Each way of writing an IPv4 address: as it is, compatible, mapped, translated, NAT64 of both prefixes, 6to4,
    /// Teredo's server and client, ISATAP.
    private static func forms(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> [String] {
        let dotted = "\(a).\(b).\(c).\(d)"
        let hex = { (value: Int) in String(value, radix: 16) }
        let (high, low) = (hex(a << 8 | b), hex(c << 8 | d))
        let (turnedHigh, turnedLow) = (hex(~(a << 8 | b) & 0xFFFF), hex(~(c << 8 | d) & 0xFFFF))
        return [
            dotted, "::\(dotted)", "::ffff:\(dotted)", "::ffff:0:\(dotted)", "64:ff9b::\(dotted)",
            "64:ff9b:1::\(dotted)", "64:ff9b:1:\(high):\(hex(c)):\(hex(d << 8))::", "2002:\(high):\(low)::1",
            "2001:0:\(high):\(low)::1", "2001::\(turnedHigh):\(turnedLow)", "2a00:1:2:3:0:5efe:\(dotted)",
            "2a00:1:2:3:200:5efe:\(dotted)",
        ]
    }

    private static let inner =
        forms(127, 0, 0, 1) + forms(169, 254, 169, 254) + forms(10, 0, 0, 1) + ["0.0.0.0", "::", "::1", "fe80::1"]

    private static func allocate(_ relay: inout TestRelay, _ transport: RequestedTransport = .udp) throws {
        let answer = try relay.request(.allocate, over: relay.tcp) { writer in
            try writer.append(transport)
            try writer.append(AdditionalAddressFamily(.ipv6))
        }
        #expect(answer?.isSuccess == true)
        #expect(relay.sockets.count == 2)
    }

    @Test(arguments: inner)
    func innerAddressesAreOutOfReach(text: String) throws {
        let peer = TransportAddress(ip: try #require(IPAddress(text)), port: 80)
        var relay = try TestRelay()
        let listener = relay.tcp
        try Self.allocate(&relay)
        #expect(try relay.permit(peer, over: listener)?.error == 403)
        #expect(try relay.permit(TestRelay.peer, peer, over: listener)?.error == 403)
        #expect(try relay.bind(0x4000, to: peer, over: listener)?.error == 403)
        #expect(try relay.send([1], to: peer, over: listener) == .drop(.noPermission))
        for socket in relay.sockets.keys {
            #expect(relay.receive([1], fromPeer: peer, on: socket).0 == .drop(.noPermission))
        }
        #expect(relay.tables["permissions"] == nil)
        var streams = try TestRelay()
        try Self.allocate(&streams, .tcp)
        let (answer, connection) = try streams.connect(to: peer)
        #expect(answer?.error == 403)
        #expect(connection == nil)
        for socket in streams.sockets.keys {
            #expect(streams.engine.peerAccepted(from: peer, on: socket, at: streams.now) == nil)
        }
    }

    /// Through a relay, a client's requests would come from the server itself.
    @Test(arguments: [TestRelay.server, TransportAddress(ip: TestRelay.ipv6RelayAddress, port: 3478)])
    func theServersOwnListenersAreOutOfReach(listener: TransportAddress) throws {
        let change = { (configuration: inout RelayConfiguration) in
            configuration.policy = PeerPolicy(
                allowed: ["0.0.0.0/0", "::/0"],
                listeners: [listener],
                relayAddresses: [listener.ip]
            )
        }
        var relay = try TestRelay(change)
        let control = relay.tcp
        try Self.allocate(&relay)
        let other = TransportAddress(ip: listener.ip, port: 50_000)
        // The host has other ports that may be reached, so a permission for it is given.
        #expect(try relay.permit(listener, over: control)?.isSuccess == true)
        #expect(try relay.send([1], to: listener, over: control) == .drop(.noPermission))
        guard case .relay = try relay.send([1], to: other, over: control) else { throw Missing() }
        #expect(try relay.bind(0x4000, to: listener, over: control)?.error == 403)
        #expect(try relay.bind(0x4001, to: other, over: control)?.isSuccess == true)
        var streams = try TestRelay(change)
        try Self.allocate(&streams, .tcp)
        #expect(try streams.connect(to: listener).0?.error == 403)
        #expect(try streams.connect(to: other).1 != nil)
    }

    /// Two clients of this server reach each other, whatever else of its network is denied.
    @Test func relaysReachEachOther() throws {
        let own = IPAddress(ipv4: 0xC0A8_0701)
        var relay = try TestRelay { configuration in
            configuration.relayAddresses = [.init(own)]
            configuration.policy = PeerPolicy(
                listeners: [TransportAddress(ip: own, port: 3478)],
                relayAddresses: [own]
            )
        }
        let first = try #require(try relay.allocate()?.first(XORRelayedAddress.self)?.address)
        let second = try #require(
            try relay.allocate(from: TestRelay.client(2))?.first(XORRelayedAddress.self)?.address
        )
        #expect(try relay.bind(0x4000, to: second)?.isSuccess == true)
        #expect(try relay.permit(first, from: TestRelay.client(2))?.isSuccess == true)
        guard case .relay(let relayed) = relay.sendChannelData([1]) else { throw Missing() }
        #expect(relayed.peer == second)
        guard case .deliver = relay.receive([1], fromPeer: first, on: try relay.socket(at: second)).0 else {
            throw Missing()
        }
        // What else the machine has on its relay addresses is nobody's business, on the ports of relays as on others.
        let unused: [UInt16] = [50_000, 50_001, 50_002].filter { $0 != first.port && $0 != second.port }
        for port in [22, 3478, 49_151] + unused {
            let elsewhere = TransportAddress(ip: own, port: port)
            #expect(try relay.send([1], to: elsewhere) == .drop(.noPermission))
            #expect(try relay.bind(0x4001, to: elsewhere)?.error == 403)
        }
        #expect(try relay.refresh(0, from: TestRelay.client(2))?.isSuccess == true)
        #expect(try relay.send([1], to: second) == .drop(.noPermission))
        #expect(relay.sendChannelData([1]) == .drop(.noChannel))
        #expect(try relay.bind(0x4000, to: second)?.error == 403)
        #expect(try relay.permit(TransportAddress(ip: IPAddress(ipv4: 0xC0A8_0702), port: 50_000))?.error == 403)
    }

    /// Where the server sends its clients elsewhere it says so at once, to those that can go there, and not in a flood.
    @Test(arguments: [(TestRelay.peer, true), (TestRelay.ipv6Peer, false)])
    func clientsAreSentElsewhereInTheirFamily(server: TransportAddress, isSent: Bool) throws {
        var relay = try TestRelay { configuration in
            configuration.alternateServer = server
            configuration.unauthenticatedRate = 2
        }
        for number in 1...5 {
            let answer = try relay.request(.allocate, signature: .missing) { try $0.append(RequestedTransport.udp) }
            guard number <= 4 else {
                #expect(answer == nil)
                break
            }
            #expect(answer?.error == (isSent ? 300 : 401))
            #expect(try answer?.first(AlternateServer.self)?.address == (isSent ? server : nil))
        }
        #expect(try relay.request(.refresh, signature: .missing) == nil)
        #expect(try relay.allocate()?.error == (isSent ? 300 : nil))
    }

    /// Neither a flood of unsigned requests nor one of wrongly signed ones leaves anything behind.
    @Test func nothingGrowsBeforeAuthentication() throws {
        var relay = try TestRelay { $0.allowsMobility = true }
        let methods: [STUN.Method] = [
            .binding, .allocate, .refresh, .createPermission, .channelBind, .connect, .connectionBind,
        ]
        for number: UInt32 in 0..<2000 {
            let method = methods[Int(number) % methods.count]
            let signature = TestRelay.Signature.allCases[1 + Int(number) % 4]
            let client = TestRelay.client(number * 300)
            let user = number.isMultiple(of: 2) ? "user" : "nobody\(number)"
            let bytes = try relay.makeRequest(method, from: client, user: user, signature: signature) { writer in
                try writer.append(RequestedTransport.udp)
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(ReservationToken(UInt64(number)))
                try writer.append(.mobilityTicket, [UInt8](repeating: 0, count: 29))
            }
            _ = relay.receive(bytes, from: relay.flow(client))
            _ = relay.receive([0x40, 0, 0, 1, 1], from: relay.flow(client))
            _ = try relay.send([1], from: client)
        }
        #expect(relay.tables == [:])
        #expect(relay.sockets.isEmpty)
        #expect(relay.outputs.isEmpty)
        #expect(relay.engine.timerCount == 0)
        #expect(relay.engine.allocations.capacity == 0)
        #expect(relay.engine.relays.capacity == 0)
        #expect(relay.engine.permissions.capacity == 0)
        #expect(relay.engine.nextDeadline == nil)
    }

    /// What somebody with a forged address makes the server send him whose address it is.
    @Test func answersToStrangersAreShort() throws {
        var relay = try TestRelay()
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: .random())
        var request = Array(buffer: writer.finish())
        #expect(relay.receive(request, from: relay.flow()) == .answer(from: relay.udp))
        let binding = try TestAnswer(relay.engine.answer)
        #expect(binding.types == [.xorMappedAddress])
        #expect(binding.bytes.count <= 32)
        // An Allocate as browsers send it first; what is demanded of a 401 and no more.
        writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        try writer.append(RequestedTransport.udp)
        request = Array(buffer: writer.finish())
        #expect(relay.receive(request, from: relay.flow()) == .answer(from: relay.udp))
        let challenge = try TestAnswer(relay.engine.answer)
        #expect(challenge.types == [.errorCode, .realm, .nonce, .passwordAlgorithms])
        #expect(challenge.bytes.count == 92)
        #expect(challenge.bytes.count - request.count <= 64)
        // No reason phrase.
        #expect(challenge.length(of: .errorCode) == 4)
        // A request that is signed, by whomsoever, is longer than its answer.
        for signature: TestRelay.Signature in [.wrong, .withOldNonce, .withoutNonce] {
            request = try relay.makeRequest(.allocate, from: TestRelay.client(), signature: signature) { writer in
                try writer.append(RequestedTransport.udp)
            }
            #expect(relay.receive(request, from: relay.flow()) == .answer(from: relay.udp))
            let answer = relay.engine.answer
            #expect(2 * answer.readableBytes <= 3 * request.count)
        }
    }

    @Test func anUnknownUserAndAWrongPasswordLookTheSame() throws {
        var relay = try TestRelay()
        let id = TransactionID.random()
        var answers: [TestAnswer] = []
        for (user, signature) in [("user", TestRelay.Signature.wrong), ("nobody", .good), ("", .wrong)] {
            let answer = try relay.request(.allocate, user: user, signature: signature, transactionID: id)
            answers.append(try #require(answer))
        }
        // In one second a client gets one nonce, so that nothing at all differs.
        #expect(answers[0].bytes == answers[1].bytes)
        #expect(answers[0].bytes == answers[2].bytes)
        #expect(answers[0].error == 401)
        #expect(relay.tables == [:])
    }

    @Test func aNonceIsGoodForOneAddress() throws {
        var relay = try TestRelay()
        let bytes = try relay.makeRequest(.allocate, from: TestRelay.client()) { try $0.append(RequestedTransport.udp) }
        for other in [TestRelay.client(2), TestRelay.client(1, port: 5001)] {
            #expect(relay.receive(bytes, from: relay.flow(other)) == .answer(from: relay.udp))
            #expect(try TestAnswer(relay.engine.answer).error == 438)
        }
        #expect(relay.tables == [:])
        #expect(relay.receive(bytes, from: relay.flow()) == .answer(from: relay.udp))
        #expect(try TestAnswer(relay.engine.answer).isSuccess)
    }

    /// What stands behind the signature is not covered by it: anybody on the way may have put it there.
    @Test func attributesBehindTheSignatureDoNotCount() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        var bytes = try relay.makeRequest(.createPermission, from: TestRelay.client()) { writer in
            try writer.append(XORPeerAddress(TestRelay.peer))
        }
        let evil = TransportAddress(ip: IPAddress(ipv4: 0x0909_0909), port: 0)
        var writer = STUNMessageWriter(MessageType(.request, .refresh), transactionID: .random())
        try writer.append(XORPeerAddress(evil))
        try writer.append(AttributeType(rawValue: 0x7FFF), [1])
        bytes += Array(buffer: writer.finish()).dropFirst(STUNMessage.headerLength)
        bytes[2] = UInt8((bytes.count - 20) >> 8)
        bytes[3] = UInt8((bytes.count - 20) & 0xFF)
        #expect(relay.receive(bytes, from: relay.flow()) == .answer(from: relay.udp))
        #expect(try TestAnswer(relay.engine.answer).isSuccess)
        #expect(relay.tables["permissions"] == 1)
        #expect(try relay.send([1], to: TransportAddress(ip: evil.ip, port: 1)) == .drop(.noPermission))
    }

    @Test func aServerWithoutCredentialsIsNoRelay() throws {
        var relay = try TestRelay { $0.authenticator = nil }
        for method: STUN.Method in [.allocate, .refresh, .createPermission, .channelBind, .connect, .connectionBind] {
            let bytes = try relay.makeRequest(method, from: TestRelay.client())
            #expect(relay.receive(bytes, from: relay.flow()) == .drop(.unsupportedMethod))
        }
        let writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: .random())
        #expect(relay.receive(Array(buffer: writer.finish()), from: relay.flow()) == .answer(from: relay.udp))
    }

    @Test func portZeroIsNotAnswered() throws {
        var relay = try TestRelay()
        let nowhere = TestRelay.client(1, port: 0)
        let bytes = try relay.makeRequest(.allocate, from: nowhere) { try $0.append(RequestedTransport.udp) }
        #expect(relay.receive(bytes, from: relay.flow(nowhere)) == .drop(.unanswerableSource))
    }

    @Test func aWrongFingerprintIsDropped() throws {
        var relay = try TestRelay()
        var writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        try writer.appendFingerprint()
        var bytes = Array(buffer: writer.finish())
        bytes[bytes.count - 1] ^= 1
        #expect(relay.receive(bytes, from: relay.flow()) == .drop(.wrongFingerprint))
    }

    /// RFC 8656 §5: who knows another user's flow, but not the password, changes nothing.
    @Test func anAllocationIsItsUsersAlone() throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        let tables = relay.tables
        #expect(try relay.refresh(0, user: "other", password: "word")?.error == 441)
        #expect(try relay.permit(TestRelay.peer, user: "other", password: "word")?.error == 441)
        #expect(relay.tables == tables)
    }
}
