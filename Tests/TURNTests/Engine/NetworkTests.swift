import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// A network that loses, repeats and reorders what passes through it, the same for the same seed.
private struct LossyNetwork {
    var random: SeededGenerator
    /// Of a hundred messages, how many are lost, and how many come twice.
    let loss: Int
    let duplication: Int
    /// The longest delay, in milliseconds.
    let delay: UInt64
    private(set) var underway: [(due: UInt64, message: [UInt8])] = []

    init(seed: UInt64, loss: Int, duplication: Int, delay: UInt64) {
        random = SeededGenerator(seed: seed)
        self.loss = loss
        self.duplication = duplication
        self.delay = delay
    }

    mutating func send(_ message: [UInt8], at time: UInt64) {
        guard Int.random(in: 0..<100, using: &random) >= loss else { return }
        let copies = Int.random(in: 0..<100, using: &random) < duplication ? 2 : 1
        for _ in 0..<copies {
            underway.append((time + UInt64.random(in: 0...delay, using: &random) * 1_000_000, message))
        }
    }

    mutating func receive(at time: UInt64) -> [[UInt8]] {
        let due = underway.filter { $0.due <= time }.sorted { $0.due < $1.due }
        underway.removeAll { $0.due <= time }
        return due.map(\.message)
    }
}

/// A client that does one thing after the other and repeats each until it is answered (RFC 8489 §6.2.1).
private struct RetransmittingClient {
    enum Task: Equatable {
        case allocate
        case bind(UInt16, TransportAddress)
        case permit(TransportAddress)
        case refresh(UInt32)
    }

    let address: TransportAddress
    var tasks: [Task]
    var acknowledged: [Task] = []
    var failures: [(Task, Int)] = []
    private var request: (id: TransactionID, bytes: [UInt8])?
    private var nextTry: UInt64 = 0
    private var timeout: UInt64 = 500_000_000

    init(_ address: TransportAddress, _ tasks: [Task]) {
        self.address = address
        self.tasks = tasks
    }

    /// What to send now, if anything.
    mutating func poll(at time: UInt64, _ make: (Task, TransactionID) throws -> [UInt8]) rethrows -> [UInt8]? {
        guard let task = tasks.first, time >= nextTry else { return nil }
        if request == nil {
            let id = TransactionID.random()
            request = (id, try make(task, id))
            timeout = 500_000_000
        }
        nextTry = time + timeout
        timeout = min(timeout * 2, 1_000_000_000)
        return request?.bytes
    }

    mutating func receive(_ bytes: [UInt8]) throws {
        let message = try STUNMessage(bytes.span)
        guard message.transactionID == request?.id, let task = tasks.first else { return }
        if message.type.messageClass == .successResponse {
            acknowledged.append(task)
        } else {
            failures.append((task, (try message.first(ErrorCode.self))?.code ?? 0))
        }
        tasks.removeFirst()
        request = nil
        nextTry = 0
    }
}

@Suite struct NetworkTests {
    private static let peers = (1...3).map { TransportAddress(ip: IPAddress(ipv4: 0x0101_0100 + $0), port: 7000) }

    private static func tasks(_ number: Int) -> [RetransmittingClient.Task] {
        [.allocate, .permit(peers[0])] + peers.enumerated().map { .bind(0x4000 + UInt16($0.offset), $0.element) }
            + [.refresh(1200), .permit(peers[1]), .refresh(number == 2 ? 0 : 3600)]
    }

    /// Runs three clients over two engines until all have done everything, and gives what there is then.
    private static func run(seed: UInt64, loss: Int, duplication: Int, delay: UInt64) throws -> [[String: Int]] {
        let quotas = AllocationQuotas(total: 10)
        var first = try TestRelay(index: 0, of: 2) { $0.quotas = quotas }
        var second = try TestRelay(index: 1, of: 2) { $0.quotas = quotas }
        var clients = (0..<4).map { RetransmittingClient(TestRelay.client(UInt32($0)), tasks($0)) }
        var toServer = LossyNetwork(seed: seed, loss: loss, duplication: duplication, delay: delay)
        var toClients = clients.map { _ in
            LossyNetwork(seed: seed &+ 1, loss: loss, duplication: duplication, delay: delay)
        }
        var sources: [[UInt8]: Int] = [:]
        let start = first.now.uptime
        while clients.contains(where: { !$0.tasks.isEmpty }) || !toServer.underway.isEmpty {
            let time = first.now.uptime
            guard time - start < 200_000_000_000 else { throw Missing() }
            for index in clients.indices {
                let address = clients[index].address
                let bytes = try clients[index].poll(at: time) { try make($0, $1, from: address, first) }
                guard let bytes else { continue }
                sources[bytes] = index
                toServer.send(bytes, at: time)
            }
            for bytes in toServer.receive(at: time) {
                guard let index = sources[bytes] else { throw Missing() }
                let flow = first.flow(clients[index].address)
                // The kernel spreads flows over the engines, each always to the same.
                let answer =
                    index.isMultiple(of: 2) ? first.receive(bytes, from: flow) : second.receive(bytes, from: flow)
                guard case .answer = answer else { throw Missing() }
                let buffer = index.isMultiple(of: 2) ? first.engine.answer : second.engine.answer
                toClients[index].send(Array(buffer: buffer), at: time)
                #expect(first.engine.violatedInvariant() == nil)
                #expect(second.engine.violatedInvariant() == nil)
            }
            for index in clients.indices {
                for bytes in toClients[index].receive(at: time) { try clients[index].receive(bytes) }
            }
            first.pass(nanoseconds: 20_000_000)
            second.pass(nanoseconds: 20_000_000)
        }
        try check(clients, &first, &second)
        return [first.tables, second.tables]
    }

    private static func make(
        _ task: RetransmittingClient.Task,
        _ id: TransactionID,
        from client: TransportAddress,
        _ relay: borrowing TestRelay
    ) throws -> [UInt8] {
        let method: STUN.Method =
            switch task {
            case .allocate: .allocate
            case .bind: .channelBind
            case .permit: .createPermission
            case .refresh: .refresh
            }
        return try relay.makeRequest(method, from: client, signature: .good, id) { writer in
            switch task {
            case .allocate: try writer.append(RequestedTransport.udp)
            case .bind(let number, let peer):
                try writer.append(ChannelNumber(number))
                try writer.append(XORPeerAddress(peer))
            case .permit(let peer): try writer.append(XORPeerAddress(peer))
            case .refresh(let seconds): try writer.append(Lifetime(seconds: seconds))
            }
        }
    }

    /// Nothing that was acknowledged is lost, and nothing is refused but the repetition of a release.
    private static func check(
        _ clients: [RetransmittingClient],
        _ first: inout TestRelay,
        _ second: inout TestRelay
    ) throws {
        for (index, client) in clients.enumerated() {
            // RFC 8656 §8.3: to the client 437 for a release means that it has happened.
            for (task, code) in client.failures {
                #expect(task == .refresh(0) && code == 437, "\(task) of client \(index): \(code)")
            }
            for case .bind(let number, let peer) in client.acknowledged {
                let answer =
                    index.isMultiple(of: 2)
                    ? first.sendChannelData([1], number, from: client.address)
                    : second.sendChannelData([1], number, from: client.address)
                guard index != 2 else {
                    #expect(answer == .drop(.noAllocation))
                    continue
                }
                guard case .relay(let relayed) = answer else {
                    Issue.record("channel \(number) of client \(index) was acknowledged and is not there")
                    continue
                }
                #expect(relayed.peer == peer)
            }
        }
    }

    /// Whatever the network does, what there is in the end is what there is without faults.
    @Test(arguments: 0..<12 as Range<UInt64>, [(30, 20, 300), (5, 50, 2000), (60, 0, 50)] as [(Int, Int, UInt64)])
    func theEndIsTheSameAsWithoutFaults(seed: UInt64, faults: (loss: Int, duplication: Int, delay: UInt64)) throws {
        let expected = try Self.run(seed: 0, loss: 0, duplication: 0, delay: 0)
        #expect(expected[0] == ["allocations": 1, "permissions": 3, "numbers": 3, "peers": 3, "quota": 3])
        let end = try Self.run(seed: seed, loss: faults.loss, duplication: faults.duplication, delay: faults.delay)
        #expect(end == expected)
    }
}
