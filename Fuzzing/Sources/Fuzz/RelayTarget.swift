import NIOCore

@testable import STUN
@testable import TURN

/// A relay engine among clients, peers and a system that do what the bytes say.
func fuzzRelayEngine(_ bytes: ByteBuffer) {
    var world = RelayWorld(steering: bytes)
    while world.hasMore { world.step() }
    world.end()
}

/// A relay engine with the sockets of its driver, checked after each step.
struct RelayWorld: ~Copyable {
    private static let realm = "r"
    private static let users = ["a", "b"]
    private static let keys = users.map { IntegrityKey.longTermMD5(username: $0, realm: realm, password: "p") }
    private static let nonces = NonceIssuer(secret: [UInt8](repeating: 1, count: 16))
    private static let authenticator: Authenticator = {
        guard let realm = try? Realm(realm) else { preconditionFailure("that is a realm") }
        let providers = [
            StaticCredentials(Dictionary(uniqueKeysWithValues: users.map { ($0, "p") }), realm: realm.text)
        ]
        return Authenticator(realm: realm, nonces: nonces, providers: providers)
    }()

    private var input: ByteBuffer
    private var engine: RelayEngine
    private let quotas = AllocationQuotas(perUser: 4, total: 6)
    private let policy: PeerPolicy
    private var listeners: [ListenerID] = []
    private var now = Moment(uptime: 1_000_000_000_000, unix: 1_000_000)
    private var sockets: [RelayID: TransportAddress] = [:]
    /// Those of them that peers connect to.
    private var listening: Set<RelayID> = []
    private var connections: Set<PeerConnectionID> = []
    /// What clients have learned and may use: the last of each.
    private var token: UInt64 = 0
    private var ticket: [UInt8] = []
    private var connectionID: UInt32 = 0
    private var known: [TransportAddress: (Nonce, UInt32)] = [:]
    private var relayed = TransportAddress(ip: IPAddress(ipv4: 0x0202_0202), port: 50_000)

    init(steering input: ByteBuffer) {
        self.input = input
        let own = TransportAddress(ip: IPAddress(ipv4: 0x0202_0202), port: 3478)
        policy = PeerPolicy(listeners: [own], relayAddresses: [own.ip], relayPorts: 50_000...50_007)
        var configuration = RelayConfiguration()
        configuration.relayAddresses = [.init(own.ip), .init(IPAddress(ipv6High: 0x2A00_0000_0000_0000, low: 1))]
        configuration.relayPorts = 50_000...50_007
        configuration.policy = policy
        configuration.authenticator = Self.authenticator
        configuration.quotas = quotas
        configuration.allowsTCPRelays = true
        configuration.allowsMobility = true
        configuration.maximumPermissions = 4
        configuration.maximumChannels = 4
        configuration.maximumPeerConnections = 3
        configuration.unauthenticatedRate = 0
        let flags = self.input.readInteger(as: UInt8.self) ?? 0
        configuration.maximumBytesPerSecond = flags & 1 == 0 ? 0 : 2000
        configuration.requiresPermissionForChannels = flags & 2 != 0
        if flags & 4 != 0 { configuration.relayAddresses.removeLast() }
        engine = RelayEngine(configuration: configuration, index: 0, of: 2)
        listeners = [.udp, .tcp, .tls].map { engine.register($0, at: own) }
    }

    var hasMore: Bool { input.readableBytes > 0 }

    private mutating func byte() -> UInt8 { input.readInteger() ?? 0 }

    mutating func step() {
        switch byte() % 16 {
        case 0...5: sendRequest()
        case 6: sendIndication()
        case 7: sendChannelData()
        case 8: pass()
        case 9: receiveFromPeer()
        case 10: engine.clientDisconnected(flow())
        case 11: accept()
        case 12: finishConnecting()
        case 13: if let connection = connections.first { disconnect(connection) }
        case 14: sendAnything()
        default: reportUnreachable()
        }
        drain()
        check()
    }

    mutating func end() {
        engine.shutDown()
        drain()
        check()
        precondition(sockets.isEmpty && connections.isEmpty && quotas.count == 0, "something is left at the end")
        now.uptime += 4_000_000_000_000
        engine.timeout(at: now)
        precondition(engine.timerCount == 0, "a time is left at the end")
    }

    private func check() {
        if let violation = engine.violatedInvariant() { preconditionFailure(violation) }
        precondition(engine.pending == nil, "an allocation is pending")
        precondition(sockets.count == engine.relays.count, "sockets and relays differ")
        precondition(
            sockets.allSatisfy { engine.relays[$0.key.index].local == $0.value },
            "a socket is another relay's"
        )
        precondition(connections == Set(engine.peerConnections.keys), "connections differ")
        precondition(quotas.count == engine.allocations.count + engine.reservations.count, "quotas are miscounted")
        let deadline = engine.nextDeadline
        precondition(engine.allocations.count == 0 || deadline != nil, "nothing will ever end")
    }
}

extension RelayWorld {
    private mutating func flow() -> FiveTuple {
        let number = byte()
        let client = TransportAddress(ip: IPAddress(ipv4: 0x0303_0303), port: 1000 + UInt16(number & 3))
        return FiveTuple(client: client, listener: listeners[Int(number >> 2) % listeners.count])
    }

    private mutating func address() -> TransportAddress {
        let number = byte()
        let port: UInt16 = number & 0x40 == 0 ? 7000 : number & 0x20 == 0 ? 3478 : UInt16(byte())
        switch number % 8 {
        case 0...2: return TransportAddress(ip: IPAddress(ipv4: 0x0101_0100 + UInt32(number % 8)), port: port)
        case 3: return TransportAddress(ip: IPAddress(ipv6High: 0x2606_4700_0000_0000, low: 1), port: port)
        case 4: return relayed
        case 5: return TransportAddress(ip: IPAddress(ipv6High: 0, low: 0xFFFF_0101_0101), port: port)
        case 6: return TransportAddress(ip: IPAddress(ipv4: 0x0202_0202), port: port)
        default: return TransportAddress(ip: IPAddress(ipv4: 0x0A00_0001), port: port)
        }
    }

    /// Making one takes longer than all else that a step does.
    private mutating func nonce(for client: TransportAddress) -> Nonce {
        if let (nonce, end) = known[client], now.unix < end { return nonce }
        let nonce = Self.nonces.makeNonce(for: client, at: now.unix)
        known[client] = (nonce, now.unix + 3000)
        return nonce
    }

    /// A request of any method and attributes, signed rightly more often than not.
    private mutating func sendRequest() {
        let flow = flow()
        let methods: [STUN.Method] = [
            .allocate, .refresh, .createPermission, .channelBind, .connect, .connectionBind, .allocate, .binding,
        ]
        let steering = byte()
        let method = methods[Int(steering) % methods.count]
        let id = TransactionID(high: UInt64(steering >> 6), low: 0)
        var writer = STUNMessageWriter(MessageType(.request, method), transactionID: id)
        let kind = byte()
        do {
            if method == .allocate, kind & 0x10 == 0 { try writer.append(RequestedTransport.udp) }
            for _ in 0..<(kind & 7) { try appendAttribute(to: &writer) }
            let user = kind & 8 == 0 ? 0 : 1
            if kind >> 5 != 7 {
                try writer.append(Username(Self.users[user]))
                try writer.append(Realm(Self.realm))
                try writer.append(nonce(for: flow.client))
                try writer.appendMessageIntegrity(key: Self.keys[kind >> 5 == 6 ? 1 - user : user])
            }
            if kind >> 5 == 5 { try writer.appendFingerprint() }
        } catch {
            return
        }
        receive(writer.finish(), from: flow, forwardedBy: steering & 0x38 == 0x38 ? 1 : nil)
    }

    private mutating func appendAttribute(to writer: inout STUNMessageWriter) throws {
        let selector = byte()
        switch selector % 16 {
        case 0: try writer.append(RequestedTransport(protocolNumber: selector & 0x10 == 0 ? 6 : 17))
        case 1: try writer.append(EvenPort(reservesNext: selector & 0x10 == 0))
        case 2: try writer.append(ReservationToken(selector & 0x10 == 0 ? token : UInt64(byte())))
        case 3: try writer.append(RequestedAddressFamily(selector & 0x10 == 0 ? .ipv4 : .ipv6))
        case 4: try writer.append(AdditionalAddressFamily(selector & 0x10 == 0 ? .ipv6 : .ipv4))
        case 5: try writer.append(Lifetime(seconds: UInt32(byte()) * UInt32(selector >> 4)))
        case 6: try writer.append(MobilityTicket())
        case 7: try writer.append(MobilityTicket(ticket))
        case 8...10: try writer.append(XORPeerAddress(address()))
        case 11: try writer.append(ChannelNumber(0x3FFE + UInt16(byte() % 8)))
        case 12: try writer.append(ConnectionID(selector & 0x10 == 0 ? connectionID : UInt32(byte())))
        case 13: try writer.append(DontFragment())
        default:
            // Any type, any bytes.
            let type = AttributeType(
                rawValue: selector & 0x10 == 0 ? UInt16(byte() % 0x30) : 0x8000 | UInt16(byte() % 0x31)
            )
            let isEnd = [.messageIntegrity, .messageIntegritySHA256, .fingerprint].contains(type)
            let value = input.readBytes(length: min(Int(byte() % 24), input.readableBytes)) ?? []
            if !isEnd { try writer.append(type) { $0.writeBytes(value) } }
        }
    }

    private mutating func sendIndication() {
        let flow = flow()
        var writer = STUNMessageWriter(MessageType(.indication, .send), transactionID: TransactionID(high: 1, low: 2))
        let peer = address()
        let steering = byte()
        do {
            if steering & 1 == 0 { try writer.append(XORPeerAddress(peer)) }
            if steering & 2 == 0 { try writer.append(.data) { $0.writeRepeatingByte(0, count: Int(steering)) } }
            if steering & 4 != 0 { try appendAttribute(to: &writer) }
        } catch {
            return
        }
        receive(writer.finish(), from: flow)
    }

    private mutating func sendChannelData() {
        let flow = flow()
        let number = 0x3FFE + UInt16(byte() % 8)
        let length = UInt16(byte())
        var message = ByteBuffer()
        message.writeMultipleIntegers(number, length)
        // A little shorter than it says, or longer.
        message.writeRepeatingByte(0, count: max(Int(length) + Int(byte() % 8) - 2, 0))
        receive(message, from: flow)
    }

    private mutating func sendAnything() {
        let flow = flow()
        let message = input.readSlice(length: min(Int(byte()), input.readableBytes)) ?? ByteBuffer()
        receive(message, from: flow)
    }
}

extension RelayWorld {
    private mutating func receive(_ message: ByteBuffer, from flow: FiveTuple, forwardedBy forwarder: UInt8? = nil) {
        var result = engine.receive(message.readableBytesUInt8Span, from: flow, forwardedBy: forwarder, at: now)
        while case .open(let relay, let address, let transport) = result {
            precondition(sockets[relay] == nil, "a relay is opened that is open")
            switch byte() % 8 {
            case 6: result = engine.relayNotOpened(.portTaken, at: now)
            case 7: result = engine.relayNotOpened(.unavailable, at: now)
            default:
                guard !sockets.values.contains(address) else {
                    result = engine.relayNotOpened(.portTaken, at: now)
                    continue
                }
                sockets[relay] = address
                if transport == .tcp { listening.insert(relay) }
                result = engine.relayOpened(at: now)
            }
        }
        switch result {
        case .relay(let relayed):
            precondition(relayed.offset + relayed.count <= message.readableBytes, "more is sent than has come")
            precondition(sockets[relayed.relay]?.family == relayed.peer.family, "a socket of another family sends")
            precondition(policy.refusal(of: relayed.peer) == nil, "a denied peer is sent to")
        case .answer:
            precondition(message.readableBytes >= 20, "what is no request is answered")
            learn(engine.answer)
        case .forward(let index): precondition(index == 1 && forwarder == nil, "a message goes to nobody")
        case .open, .done, .drop: break
        }
    }

    /// Keeps what a client would keep of an answer.
    private mutating func learn(_ answer: ByteBuffer) {
        guard let message = try? STUNMessage(answer.readableBytesUInt8Span) else {
            preconditionFailure("an answer is no message")
        }
        precondition(message.type.messageClass == .successResponse || message.type.messageClass == .errorResponse)
        if let token = try? message.first(ReservationToken.self) { self.token = token.token }
        if let ticket = try? message.first(MobilityTicket.self) { self.ticket = ticket.bytes }
        if let relayed = try? message.first(XORRelayedAddress.self) { self.relayed = relayed.address }
    }

    private mutating func drain() {
        while let output = engine.nextOutput() {
            switch output {
            case .close(let relay):
                listening.remove(relay)
                precondition(sockets.removeValue(forKey: relay) != nil, "a closed socket is closed")
            case .send(_, let message): precondition((try? STUNMessage(message.readableBytesUInt8Span)) != nil)
            case .authenticated, .ended, .notJoined: break
            case .began(let flow): precondition(engine.allocationsByClient[flow] != nil, "nothing has begun")
            case .released(_, let engine): precondition(engine == 1, "a flow is released to nobody")
            case .connect(let connection, let relay, let peer):
                precondition(sockets[relay]?.family == peer.family, "a relay that is closed connects")
                precondition(policy.refusal(of: peer, over: .tcp) == nil, "a denied peer is connected to")
                // It may have been abandoned in the same breath, but not in the same call.
                connections.insert(connection)
                connectionID = connection.number
            case .join(let connection, _): precondition(connections.contains(connection), "nobody is joined")
            case .abandon(let connection):
                precondition(connections.remove(connection) != nil, "a connection is abandoned that was not there")
            }
        }
    }

    private mutating func pass() {
        let steering = byte()
        now.uptime += UInt64(steering & 0x3F) * [1, 1_000_000_000, 10_000_000_000, 30_000_000_000][Int(steering >> 6)]
        now.unix = 1_000_000 + UInt32((now.uptime - 1_000_000_000_000) / 1_000_000_000)
        engine.timeout(at: now)
        precondition(engine.nextDeadline.map { $0 > now.uptime } ?? true, "a time that has passed is left")
    }

    private mutating func socket() -> RelayID? {
        let sorted = sockets.keys.sorted { $0.index < $1.index }
        return sorted.isEmpty ? nil : sorted[Int(byte()) % sorted.count]
    }

    private mutating func receiveFromPeer() {
        guard let socket = socket(), !listening.contains(socket) else { return }
        let peer = address()
        let count = Int(byte()) * 4 + Int(byte() % 4)
        var header = [UInt8](repeating: 0, count: RelayEngine.headroom)
        var span = header.mutableSpan
        let result = engine.receive(payloadLength: count, from: peer, on: socket, header: &span, at: now)
        guard case .deliver(let flow, let length, let padding) = result else { return }
        precondition(engine.allocationsByClient[flow] != nil, "a stranger is sent to")
        // Hosts are permitted, not ports; of the server's own, some ports are denied.
        precondition(policy.refusal(ofAny: peer.ip) == nil, "a denied peer is heard")
        let bytes = Array(header.suffix(length)) + Array(repeating: 0, count: count + padding)
        guard length > 4 else {
            precondition(bytes[0] >> 4 == 4 && Int(bytes.span.uint16(at: 2)) == count, "that is no ChannelData")
            return
        }
        guard let message = try? STUNMessage(bytes.span) else { preconditionFailure("that is no indication") }
        precondition((try? message.first(XORPeerAddress.self))??.address == peer, "the peer is another")
    }

    private mutating func reportUnreachable() {
        guard let socket = socket() else { return }
        let peer = address()
        engine.peerUnreachable(peer, from: socket, type: byte() % 16, code: byte(), data: 0, at: now)
    }

    private mutating func accept() {
        guard let socket = socket(), listening.contains(socket) else { return }
        if let connection = engine.peerAccepted(from: address(), on: socket, at: now) {
            precondition(connections.insert(connection).inserted, "a connection is there twice")
            connectionID = connection.number
        }
    }

    private mutating func finishConnecting() {
        let steering = byte()
        let waiting = connections.filter {
            if case .connecting = engine.peerConnections[$0]?.state { true } else { false }
        }
        guard let connection = waiting.first else { return }
        if steering & 1 == 0 {
            engine.peerConnected(connection, at: now)
        } else {
            engine.peerNotConnected(connection)
            connections.remove(connection)
        }
    }

    private mutating func disconnect(_ connection: PeerConnectionID) {
        if case .connecting = engine.peerConnections[connection]?.state { return }
        engine.peerDisconnected(connection)
        connections.remove(connection)
    }
}
