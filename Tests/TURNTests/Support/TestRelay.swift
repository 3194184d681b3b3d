import NIOCore
import STUN
import Testing

@testable import TURN

/// An engine with a clock and sockets that the test turns by hand.
struct TestRelay: ~Copyable {
    static let realm = "example.org"
    static let server = TransportAddress(ip: IPAddress(ipv4: 0x2D00_0001), port: 3478)
    static let relayAddress = IPAddress(ipv4: 0x2D00_0001)
    static let ipv6RelayAddress = IPAddress(ipv6High: 0x2A00_0000_0000_0000, low: 1)

    var engine: RelayEngine
    var now = Moment(uptime: 1_000_000_000_000, unix: 1_000_000)
    /// Ports that somebody else has.
    var taken: Set<UInt16> = []
    /// Which sockets the system refuses, counted from 1 in the order in which they are asked for.
    var unavailable: Set<Int> = []
    /// A family of which the system refuses all sockets.
    var failing: AddressFamily?
    private var openings = 0
    /// The sockets that are open, with their addresses.
    var sockets: [RelayID: TransportAddress] = [:]
    /// What the engine asked for besides, closed sockets apart.
    var outputs: [RelayEngine.Output] = []
    /// What the engine said of the clients of connections, in order.
    var told: [RelayEngine.Output] = []
    /// The flows over streams that lost their allocation.
    var ended: [FiveTuple] {
        told.compactMap { if case .ended(let client) = $0 { client } else { nil } }
    }
    let udp: ListenerID
    let tcp: ListenerID

    private let nonces = NonceIssuer(secret: [UInt8](0..<32))

    /// How a request shows who sends it.
    enum Signature: String, CaseIterable {
        case good
        case missing
        case withoutNonce
        case withOldNonce
        case wrong
    }

    init(
        index: UInt8 = 0,
        of engines: Int = 1,
        providers: [any CredentialProvider] = [
            StaticCredentials(["user": "pass", "other": "word"], realm: TestRelay.realm)
        ],
        _ change: (inout RelayConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = RelayConfiguration()
        configuration.relayAddresses = [.init(Self.relayAddress), .init(Self.ipv6RelayAddress)]
        configuration.authenticator = Authenticator(realm: try Realm(Self.realm), nonces: nonces, providers: providers)
        configuration.allowsTCPRelays = true
        change(&configuration)
        engine = RelayEngine(configuration: configuration, index: index, of: engines)
        udp = engine.register(.udp, at: Self.server)
        tcp = engine.register(.tcp, at: Self.server)
    }

    /// A client on a host of its own.
    static func client(_ number: UInt32 = 1, port: UInt16 = 5000) -> TransportAddress {
        TransportAddress(ip: IPAddress(ipv4: 0x0808_0000 + number), port: port)
    }

    mutating func pass(seconds: UInt64) {
        pass(nanoseconds: seconds * 1_000_000_000)
    }

    mutating func pass(nanoseconds: UInt64) {
        let before = now.uptime / 1_000_000_000
        now.uptime += nanoseconds
        now.unix &+= UInt32(now.uptime / 1_000_000_000 - before)
        if let deadline = engine.nextDeadline, deadline <= now.uptime {
            engine.timeout(at: now)
            drain()
        }
    }

    /// Feeds bytes, opens what is asked for, and gives what came of it.
    mutating func receive(
        _ bytes: [UInt8],
        from client: FiveTuple,
        forwardedBy forwarder: UInt8? = nil
    ) -> RelayEngine.OnReceive {
        var result = engine.receive(bytes.span, from: client, forwardedBy: forwarder, at: now)
        while case .open(let relay, let address, _) = result {
            openings += 1
            if unavailable.contains(openings) || failing == address.family {
                result = engine.relayNotOpened(.unavailable, at: now)
            } else if taken.contains(address.port) || sockets.values.contains(address) {
                result = engine.relayNotOpened(.portTaken, at: now)
            } else {
                #expect(sockets[relay] == nil, "a relay is opened that is open")
                sockets[relay] = address
                result = engine.relayOpened(at: now)
            }
        }
        drain()
        return result
    }

    mutating func drain() {
        while let output = engine.nextOutput() {
            switch output {
            case .close(let relay): sockets[relay] = nil
            case .authenticated, .began, .ended, .notJoined: told.append(output)
            default: outputs.append(output)
            }
        }
    }

    /// Sends a signed request and decodes the answer; `nil` if there is none.
    mutating func request(
        _ method: STUN.Method,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil,
        user: String = "user",
        password: String = "pass",
        signature: Signature = .good,
        transactionID: TransactionID = .random(),
        _ body: (inout STUNMessageWriter) throws -> Void = { _ in }
    ) throws -> TestAnswer? {
        let bytes = try makeRequest(
            method,
            from: client,
            user: user,
            password: password,
            signature: signature,
            transactionID,
            body
        )
        let flow = FiveTuple(client: client, listener: listener ?? udp)
        guard case .answer = receive(bytes, from: flow) else { return nil }
        return try TestAnswer(engine.answer)
    }

    func makeRequest(
        _ method: STUN.Method,
        from client: TransportAddress,
        user: String = "user",
        password: String = "pass",
        signature: Signature = .good,
        _ transactionID: TransactionID = .random(),
        _ body: (inout STUNMessageWriter) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var writer = STUNMessageWriter(MessageType(.request, method), transactionID: transactionID)
        try body(&writer)
        guard signature != .missing else { return Array(buffer: writer.finish()) }
        try writer.append(Username(user))
        try writer.append(Realm(Self.realm))
        switch signature {
        case .withoutNonce: break
        case .withOldNonce: try writer.append(nonces.makeNonce(for: client, at: now.unix - 3601))
        case .good, .wrong, .missing: try writer.append(nonces.makeNonce(for: client, at: now.unix))
        }
        let password = signature == .wrong ? "not " + password : password
        let key = IntegrityKey.longTermMD5(username: user, realm: Self.realm, password: password)
        try writer.appendMessageIntegrity(key: key)
        return Array(buffer: writer.finish())
    }

    /// Makes an allocation over UDP.
    mutating func allocate(
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil,
        user: String = "user",
        password: String = "pass",
        _ body: (inout STUNMessageWriter) throws -> Void = { _ in }
    ) throws -> TestAnswer? {
        try request(.allocate, from: client, over: listener, user: user, password: password) { writer in
            try writer.append(RequestedTransport.udp)
            try body(&writer)
        }
    }

    /// Feeds a datagram from a peer.
    /// - Returns: What is sent to the client, header and padding included, or why nothing is.
    mutating func receive(
        _ payload: [UInt8],
        fromPeer peer: TransportAddress,
        on relay: RelayID
    ) -> (RelayEngine.OnPeerDatagram, [UInt8]) {
        var header = [UInt8](repeating: 0, count: RelayEngine.headroom)
        var span = header.mutableSpan
        let result = engine.receive(payloadLength: payload.count, from: peer, on: relay, header: &span, at: now)
        guard case .deliver(_, let length, let padding) = result else { return (result, []) }
        let end = [UInt8](repeating: 0, count: padding)
        return (result, Array(header.dropFirst(header.count - length)) + payload + end)
    }
}

/// A response, with its attributes decoded on demand.
struct TestAnswer {
    let bytes: [UInt8]
    let type: MessageType

    init(_ buffer: ByteBuffer) throws {
        let bytes = Array(buffer: buffer)
        self.bytes = bytes
        type = try STUNMessage(bytes.span).type
    }

    var isSuccess: Bool { type.messageClass == .successResponse }

    /// The code of an error response; `nil` for a success.
    var error: Int? { try? first(ErrorCode.self)?.code }

    /// The attributes that count, in their order.
    var types: [AttributeType] {
        guard let message = try? STUNMessage(bytes.span) else { return [] }
        var types: [AttributeType] = []
        var attributes = message.attributes
        while let attribute = attributes.next() { types.append(attribute.type) }
        return types
    }

    /// The length of the value of an attribute.
    func length(of type: AttributeType) -> Int? {
        guard let message = try? STUNMessage(bytes.span) else { return nil }
        return message.first(type)?.value.count
    }

    func first<Attribute: STUNAttribute>(_ attribute: Attribute.Type = Attribute.self) throws -> Attribute? {
        try STUNMessage(bytes.span).first(Attribute.self)
    }
}
