/// How many clients a server takes, in all and from one address.
///
/// None of the limits is on by default: behind one address there may be a household, a company or a mobile network of
/// thousands, and all of them come at once when a server restarts. Only the operator knows which. An address of IPv6
/// counts with the 2^64 beside it, which a provider gives to one customer.
public struct ConnectionLimits: Sendable, Equatable {
    /// The most sessions at a time; a handshake beyond is refused with 503.
    public var maxConnections: Int?
    /// The most sessions at a time from one address; a handshake beyond is refused with 429.
    public var maxConnectionsPerAddress: Int?
    /// The most TCP connections at a time, those included that say nothing; a connection beyond is closed.
    ///
    /// A session on long-polling takes one or two connections of its client, and a browser opens up to six for a page.
    public var maxSockets: Int?
    /// The most TCP connections at a time from one address; a connection beyond is closed.
    ///
    /// Those of ``EngineConfiguration/trustedProxies`` don't count here, since each brings many clients: their sessions
    /// count by the address of the client.
    public var maxSocketsPerAddress: Int?
    /// How often one address may shake hands; beyond, it is refused with 429 and told when to try again.
    public var handshakesPerAddress: Rate?

    /// Makes limits; those that are `nil` are off.
    /// - Precondition: Numbers are positive.
    public init(
        maxConnections: Int? = nil,
        maxConnectionsPerAddress: Int? = nil,
        handshakesPerAddress: Rate? = nil,
        maxSockets: Int? = nil,
        maxSocketsPerAddress: Int? = nil
    ) {
        self.maxConnections = maxConnections
        self.maxConnectionsPerAddress = maxConnectionsPerAddress
        self.handshakesPerAddress = handshakesPerAddress
        self.maxSockets = maxSockets
        self.maxSocketsPerAddress = maxSocketsPerAddress
        validate()
    }

    func validate() {
        precondition(maxConnections ?? 1 > 0, "maxConnections must be positive")
        precondition(maxConnectionsPerAddress ?? 1 > 0, "maxConnectionsPerAddress must be positive")
        precondition(maxSockets ?? 1 > 0, "maxSockets must be positive")
        precondition(maxSocketsPerAddress ?? 1 > 0, "maxSocketsPerAddress must be positive")
        handshakesPerAddress?.validate()
    }
}

/// Holds handshakes to ``ConnectionLimits``.
package struct ConnectionGate {
    fileprivate struct Entry {
        var connections = 0
        var bucket: TokenBucket?
    }

    private let limits: ConnectionLimits
    private var connections = 0
    private var origins: [ClientNetwork: Entry] = [:]
    /// The number of origins at which those that are at rest are forgotten.
    private var sweepCount = 1024

    package init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// The number of origins that are remembered.
    var originCount: Int { origins.count }

    /// A client wants to shake hands.
    package mutating func begin(from address: IPAddress?, at now: ContinuousClock.Instant) throws(EngineRefusal) {
        try check(from: address)
        guard let rate = limits.handshakesPerAddress else { return }
        let origin = ClientNetwork(address)
        sweep(at: now)
        if let wait = origins[origin, default: Entry()].takeToken(rate, at: now) {
            throw .tooManyHandshakes(retryAfter: wait)
        }
    }

    /// A handshake is complete; from now on its session counts.
    package mutating func open(from address: IPAddress?) throws(EngineRefusal) {
        try check(from: address)
        connections += 1
        guard limits.maxConnectionsPerAddress != nil else { return }
        origins[ClientNetwork(address), default: Entry()].connections += 1
    }

    /// A session ended.
    package mutating func close(from address: IPAddress?) {
        connections -= 1
        guard limits.maxConnectionsPerAddress != nil else { return }
        let origin = ClientNetwork(address)
        guard var entry = origins[origin] else { return }
        entry.connections -= 1
        origins[origin] = entry.connections == 0 && entry.bucket == nil ? nil : entry
    }

    private func check(from address: IPAddress?) throws(EngineRefusal) {
        if let most = limits.maxConnections, connections >= most { throw .serverFull }
        if let most = limits.maxConnectionsPerAddress, origins[ClientNetwork(address)]?.connections ?? 0 >= most {
            throw .tooManyConnections
        }
    }

    /// Forgets origins that have neither connections nor shaken hands of late, so that passers-by don't fill the memory.
    private mutating func sweep(at now: ContinuousClock.Instant) {
        guard origins.count >= sweepCount else { return }
        origins = origins.filter { $0.value.connections > 0 || $0.value.bucket.map { !$0.isFull(at: now) } ?? false }
        sweepCount = max(1024, origins.count * 2)
    }
}

extension ConnectionGate.Entry {
    /// Takes a token for a handshake.
    /// - Returns: How long it takes until there is one; `nil` when it was taken.
    fileprivate mutating func takeToken(_ rate: Rate, at now: ContinuousClock.Instant) -> Duration? {
        var bucket = bucket ?? TokenBucket(rate)
        defer { self.bucket = bucket }
        return bucket.take(at: now)
    }
}
