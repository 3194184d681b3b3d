import AllocationCounter
import Foundation
import NIOCore
import STUN
import TURN

/// Drives the relay engine without sockets: the work between a datagram that has arrived and the one that leaves.
///
/// `turn-core-bench SCENARIO COUNT [ALLOCATIONS]` prints the nanoseconds, heap allocations and bytes of one.
/// `Benchmarks/core` runs all scenarios and counts instructions too.
@main
struct TURNCoreBenchmark {
    /// What arrives.
    enum Scenario: String, CaseIterable {
        /// ChannelData of a client.
        case channel
        /// A Send indication of a client.
        case send
        /// A datagram of a peer with a channel.
        case peerChannel = "peer-channel"
        /// A datagram of a peer with a permission.
        case peerData = "peer-data"
        /// A Binding request.
        case binding
        /// An Allocate request without credentials.
        case challenge
        /// Allocate, ChannelBind and the Refresh that ends the allocation, all signed; the figures are for the three.
        case allocate
    }

    static func main() {
        let arguments = CommandLine.arguments
        guard (3...4).contains(arguments.count), let scenario = Scenario(rawValue: arguments[1]),
            let count = Int(arguments[2]), count > 0, let clients = Int(arguments.count == 4 ? arguments[3] : "200"),
            clients > 0
        else {
            let names = Scenario.allCases.map(\.rawValue).joined(separator: "|")
            print("Usage: turn-core-bench \(names) COUNT [ALLOCATIONS]")
            exit(64)
        }
        var relay = BenchmarkRelay(clients: clients)
        // What is allocated once only must not count.
        for round in 0..<(2 * clients) { relay.run(scenario, client: round % clients) }
        let before = allocation_counter_read()
        let start = ContinuousClock.now
        for round in 0..<count { relay.run(scenario, client: round % clients) }
        let duration = ContinuousClock.now - start
        let after = allocation_counter_read()
        let nanoseconds = Double(duration.components.seconds) * 1e9 + Double(duration.components.attoseconds) / 1e9
        let figures = [
            nanoseconds, Double(after.allocations - before.allocations), Double(after.bytes - before.bytes),
        ]
        print(scenario.rawValue, figures.map { String(format: "%.2f", $0 / Double(count)) }.joined(separator: " "))
    }
}

/// An engine with clients that each have an allocation, a channel and a permission.
struct BenchmarkRelay: ~Copyable {
    private static let realm = "example.org"
    private static let server = TransportAddress(ip: IPAddress(ipv4: 0x2D00_0001), port: 3478)
    private static let payloadLength = 200
    private static let now = Moment(uptime: 1_000_000_000_000, unix: 1_000_000)

    private var engine: RelayEngine
    private let listener: ListenerID
    private let nonces = NonceIssuer()
    private let key = IntegrityKey.longTermMD5(username: "user", realm: realm, password: "pass")
    private var relays: [RelayID] = []
    private var lastRelay: RelayID?
    private var channelData: [UInt8] = []
    private var sendIndication: [UInt8] = []
    private var bindingRequest: [UInt8] = []
    private var bareRequest: [UInt8] = []
    private let header = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: RelayEngine.headroom)

    init(clients: Int) {
        var configuration = RelayConfiguration()
        configuration.relayAddresses = [.init(Self.server.ip)]
        configuration.unauthenticatedRate = 0
        guard let realm = try? Realm(Self.realm) else { preconditionFailure("the realm is too long") }
        configuration.authenticator = Authenticator(
            realm: realm,
            nonces: nonces,
            providers: [StaticCredentials(["user": "pass"], realm: Self.realm)]
        )
        engine = RelayEngine(configuration: configuration)
        listener = engine.register(.udp, at: Self.server)
        header.initialize(repeating: 0)
        let payload = [UInt8](repeating: 7, count: Self.payloadLength)
        channelData = [0x40, 0x00, 0, UInt8(Self.payloadLength)] + payload
        sendIndication = Self.makeSendIndication(payload)
        bindingRequest = make(.binding) { _ in }
        bareRequest = make(.allocate) { writer throws(STUNError) in try writer.append(RequestedTransport.udp) }
        for client in 0..<clients {
            allocate(client)
            if let lastRelay { relays.append(lastRelay) }
        }
        precondition(relays.count == clients, "not every client got its allocation")
    }

    deinit {
        header.deallocate()
    }

    mutating func run(_ scenario: TURNCoreBenchmark.Scenario, client: Int) {
        switch scenario {
        case .channel: relay(channelData, from: client)
        case .send: relay(sendIndication, from: client)
        case .peerChannel: receive(from: Self.peer(1), on: relays[client])
        case .peerData: receive(from: Self.peer(2), on: relays[client])
        case .binding: answer(bindingRequest, to: client)
        case .challenge: answer(bareRequest, to: client)
        case .allocate:
            // A client of its own, so that the others keep theirs.
            allocate(1 << 20 + client)
            answer(
                signed(.refresh, 1 << 20 + client) { writer throws(STUNError) in
                    try writer.append(Lifetime(seconds: 0))
                },
                to: 1 << 20 + client
            )
            while engine.nextOutput() != nil {}
        }
    }

    private static func peer(_ number: UInt16) -> TransportAddress {
        TransportAddress(ip: IPAddress(ipv4: 0x0101_0101), port: 7000 + number)
    }

    private func flow(_ client: Int) -> FiveTuple {
        let ip = IPAddress(ipv4: 0x0800_0000 + UInt32(client))
        return FiveTuple(client: TransportAddress(ip: ip, port: 5000), listener: listener)
    }

    private mutating func relay(_ bytes: [UInt8], from client: Int) {
        guard case .relay(let relayed) = engine.receive(bytes.span, from: flow(client), at: Self.now),
            relayed.count == Self.payloadLength
        else { preconditionFailure("a datagram was not relayed") }
    }

    private mutating func receive(from peer: TransportAddress, on relay: RelayID) {
        var span = header.mutableSpan
        let result = engine.receive(
            payloadLength: Self.payloadLength,
            from: peer,
            on: relay,
            header: &span,
            at: Self.now
        )
        guard case .deliver = result else { preconditionFailure("a datagram was not delivered") }
    }

    private mutating func answer(_ bytes: [UInt8], to client: Int) {
        guard case .answer = engine.receive(bytes.span, from: flow(client), at: Self.now) else {
            preconditionFailure("a request was not answered")
        }
    }

    private mutating func allocate(_ client: Int) {
        let request = signed(.allocate, client) { writer throws(STUNError) in
            try writer.append(RequestedTransport.udp)
        }
        guard case .open(let relay, _, _) = engine.receive(request.span, from: flow(client), at: Self.now),
            case .answer = engine.relayOpened(at: Self.now)
        else { preconditionFailure("no allocation was made") }
        lastRelay = relay
        let bind = signed(.channelBind, client) { writer throws(STUNError) in
            try writer.append(ChannelNumber(0x4000))
            try writer.append(XORPeerAddress(Self.peer(1)))
        }
        answer(bind, to: client)
    }

    private func signed(
        _ method: STUN.Method,
        _ client: Int,
        _ body: (inout STUNMessageWriter) throws(STUNError) -> Void
    ) -> [UInt8] {
        make(method) { writer throws(STUNError) in
            try body(&writer)
            try writer.append(Username("user"))
            try writer.append(Realm(Self.realm))
            try writer.append(nonces.makeNonce(for: flow(client).client, at: Self.now.unix))
            try writer.appendMessageIntegrity(key: key)
        }
    }

    private func make(_ method: STUN.Method, _ body: (inout STUNMessageWriter) throws(STUNError) -> Void) -> [UInt8] {
        var writer = STUNMessageWriter(MessageType(.request, method), transactionID: .random())
        do throws(STUNError) {
            try body(&writer)
        } catch {
            preconditionFailure("a request does not fit a message: \(error)")
        }
        return Array(buffer: writer.finish())
    }

    /// Written by hand: the library reads DATA and never writes it.
    private static func makeSendIndication(_ payload: [UInt8]) -> [UInt8] {
        var writer = STUNMessageWriter(MessageType(.indication, .send), transactionID: .random())
        guard (try? writer.append(XORPeerAddress(peer(2)))) != nil else { preconditionFailure("an address fits") }
        var buffer = writer.finish()
        buffer.writeMultipleIntegers(AttributeType.data.rawValue, UInt16(payload.count))
        buffer.writeBytes(payload)
        buffer.setInteger(UInt16(buffer.readableBytes - STUNMessage.headerLength), at: buffer.readerIndex + 2)
        return Array(buffer: buffer)
    }
}
