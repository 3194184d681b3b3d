import EngineIO
import Locking
import SocketIO

/// What each client and each network has done of late, and is doing, measured by ``Limits``.
///
/// Counts belong to the connection, so that they outlast its sockets: a client that leaves a namespace and joins it again
/// finds them as they were. Who has gone is forgotten once all its buckets are full again.
final class ClientLimits: Sendable {
    private struct State {
        var clients: [String: Client] = [:]
        var networks: [ClientNetwork: Network] = [:]
        /// The number of clients at which those at rest are forgotten.
        var sweepCount = 1024

        mutating func sweep(at now: ContinuousClock.Instant) {
            guard clients.count >= sweepCount else { return }
            clients = clients.filter { !$0.value.isAtRest(at: now) }
            let used = Set(clients.values.map { ObjectIdentifier($0.network) })
            networks = networks.filter { used.contains(ObjectIdentifier($0.value)) || !$0.value.isAtRest(at: now) }
            sweepCount = max(1024, clients.count * 2)
        }
    }

    private let state = Mutex(State())
    private let reads = Mutex(0)
    private let rates: RequestRates
    private let refusals: RefusalCounters
    /// How long requests take.
    let timers: RequestTimers

    /// Begins to count.
    /// - Parameters:
    ///   - rates: How often one connection may ask for what.
    ///   - refusals: Counts what is refused.
    ///   - timers: Say how long requests take.
    init(
        _ rates: RequestRates = RequestRates(),
        refusals: RefusalCounters = RefusalCounters(),
        timers: RequestTimers = RequestTimers()
    ) {
        self.timers = timers
        self.rates = rates
        self.refusals = refusals
    }

    /// How many clients are remembered.
    var clientCount: Int { state.withLock { $0.clients.count } }
    /// How many networks are remembered.
    var networkCount: Int { state.withLock { $0.networks.count } }
    /// How many reads are in flight.
    var readCount: Int { reads.withLock { $0 } }

    /// What a connection has done.
    func client(of connection: any EngineConnection, at now: ContinuousClock.Instant) -> Client {
        let address = ClientNetwork(of: connection.handshake)
        return state.withLock { state in
            if let client = state.clients[connection.id] { return client }
            state.sweep(at: now)
            let network = state.networks[address] ?? Network(address, rates)
            let client = Client(network: network, limits: self)
            state.networks[address] = network
            state.clients[connection.id] = client
            return client
        }
    }
}

extension ClientLimits {
    /// Counts the joins of a namespace, and refuses those that come too often.
    func guardJoins(of namespace: Namespace) {
        namespace.use { [self] socket in
            let now = socket.connection.loop.now
            do throws(RequestError) {
                try client(of: socket.connection, at: now).take(.enter, at: now)
            } catch {
                refusals.count(error)
                throw ConnectionRefused(error.code.rawValue, data: ["code": .string(error.code.rawValue)])
            }
        }
    }
}

// MARK: - Reads

extension ClientLimits {
    fileprivate func beginRead() -> Bool {
        reads.withLock { reads in
            guard reads < Limits.reads else { return false }
            reads += 1
            return true
        }
    }

    fileprivate func endRead() {
        reads.withLock { $0 -= 1 }
    }
}

// MARK: - A network

extension ClientLimits {
    /// What the clients of a network have done together.
    final class Network: Sendable {
        /// Which network it is.
        let id: ClientNetwork
        private let buckets: Mutex<Buckets>
        private let reads = Mutex(0)

        fileprivate init(_ id: ClientNetwork, _ rates: RequestRates) {
            self.id = id
            buckets = Mutex(Buckets { rates.rate(of: $0)?.network })
        }

        fileprivate func isAtRest(at now: ContinuousClock.Instant) -> Bool {
            buckets.withLock { $0.areFull(at: now) } && reads.withLock { $0 == 0 }
        }

        fileprivate func take(_ action: LimitedAction, at now: ContinuousClock.Instant) -> Duration? {
            buckets.withLock { $0.take(action, 1, at: now) }
        }

        fileprivate func beginRead() -> Bool {
            reads.withLock { reads in
                guard reads < Limits.readsOfNetwork else { return false }
                reads += 1
                return true
            }
        }

        fileprivate func endRead() {
            reads.withLock { $0 -= 1 }
        }
    }

    /// A bucket for each action that has a rate.
    fileprivate struct Buckets: Sendable {
        private var buckets: [TokenBucket?]

        init(_ rate: (LimitedAction) -> Rate?) {
            buckets = LimitedAction.allCases.map { rate($0).map(TokenBucket.init) }
        }

        func areFull(at now: ContinuousClock.Instant) -> Bool {
            buckets.allSatisfy { $0?.isFull(at: now) ?? true }
        }

        mutating func take(_ action: LimitedAction, _ count: Int, at now: ContinuousClock.Instant) -> Duration? {
            buckets[action.rawValue]?.take(count, at: now)
        }
    }
}

// MARK: - A client

extension ClientLimits {
    /// What a connection has done, and what it has in flight.
    final class Client: Sendable {
        private struct State {
            var buckets: Buckets
            var sockets = 0
            var reads = 0
            var writes = 0
        }

        /// What the other clients of its network have done too.
        let network: Network
        private let limits: ClientLimits
        private let state: Mutex<State>

        fileprivate init(network: Network, limits: ClientLimits) {
            state = Mutex(State(buckets: Buckets { limits.rates.rate(of: $0)?.client }))
            self.network = network
            self.limits = limits
        }

        /// The client joined a namespace.
        func opened() {
            state.withLock { $0.sockets += 1 }
        }

        /// The client left a namespace, or is gone.
        func closed() {
            state.withLock { $0.sockets -= 1 }
        }

        fileprivate func isAtRest(at now: ContinuousClock.Instant) -> Bool {
            state.withLock { state in
                state.sockets == 0 && state.reads == 0 && state.writes == 0 && state.buckets.areFull(at: now)
            }
        }

        /// Counts what the client does.
        ///
        /// What its own rate refuses does not count for its network.
        /// - Throws: `too-many-requests`.
        func take(
            _ action: LimitedAction,
            _ count: Int = 1,
            at now: ContinuousClock.Instant
        ) throws(RequestError) {
            if let wait = state.withLock({ $0.buckets.take(action, count, at: now) }) {
                throw .tooManyRequests(wait, .rate(action))
            }
            if let wait = network.take(action, at: now) { throw .tooManyRequests(wait, .networkRate(action)) }
        }

        /// Tells the client that a request of its was refused, and counts it.
        func refuse(_ error: RequestError, _ acknowledge: Acknowledge?) {
            limits.refusals.count(error)
            acknowledge?(error)
        }

        /// The client begins something that takes time; ``end(_:)`` must follow.
        /// - Throws: `busy` when as much is in flight as may be.
        func begin(_ work: Work) throws(RequestError) {
            let refusal: RefusalCause? = state.withLock { state in
                switch work {
                case .read:
                    guard state.reads < Limits.readsAtOnce else { return .reads }
                    guard network.beginRead() else { return .networkReads }
                    guard limits.beginRead() else {
                        network.endRead()
                        return .allReads
                    }
                    state.reads += 1
                case .write:
                    guard state.writes < Limits.writesAtOnce else { return .writes }
                    state.writes += 1
                }
                return nil
            }
            if let refusal { throw .busy(refusal) }
        }

        /// What the client began has ended.
        func end(_ work: Work) {
            state.withLock { state in
                switch work {
                case .read:
                    state.reads -= 1
                    network.endRead()
                    limits.endRead()
                case .write:
                    state.writes -= 1
                }
            }
        }
    }

    /// What takes time.
    enum Work: Sendable {
        /// Reads the history.
        case read
        /// Stores a message.
        case write
    }
}
