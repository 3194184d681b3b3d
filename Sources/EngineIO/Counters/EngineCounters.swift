/// What a server has done since it began, and what it has now.
public struct EngineCounters: Sendable, Equatable {
    /// What one kind of transport carries.
    public struct Traffic: Sendable, Equatable {
        /// The connections on it now.
        public var connections = 0
        /// The packets from clients.
        public var packetsReceived = 0
        /// The packets to clients.
        public var packetsSent = 0
        /// The bytes of the messages or bodies from clients, without what frames and HTTP add.
        public var bytesReceived = 0
        /// The bytes of the frames or bodies to clients, before compression.
        public var bytesSent = 0

        package mutating func received(packets: Int = 1, bytes: Int) {
            packetsReceived += packets
            bytesReceived += bytes
        }

        package mutating func sent(packets: Int = 1, bytes: Int) {
            packetsSent += packets
            bytesSent += bytes
        }
    }

    /// Long-polling.
    public var polling = Traffic()
    /// WebSocket.
    public var webSocket = Traffic()
    /// The sessions that were opened.
    public var handshakes = 0
    /// The sessions that moved from long-polling to WebSocket.
    public var upgrades = 0
    /// The bytes that wait for clients to take them, now.
    public var bufferedBytes = 0
    /// The connections that were closed at once, for ``ConnectionLimits/maxSockets`` and
    /// ``ConnectionLimits/maxSocketsPerAddress``.
    public var refusedSockets = 0
    private var closes = [Int](repeating: 0, count: EngineCloseReason.allCases.count)
    private var refusals = [Int](repeating: 0, count: EngineRequestError.allCases.count)
    private var httpTimeouts = [Int](repeating: 0, count: HTTPTimeout.allCases.count)

    /// Makes counters at zero.
    public init() {}

    /// The connections now, on all transports (`clientsCount`).
    public var connections: Int { polling.connections + webSocket.connections }

    /// The connections that ended for a reason.
    public func closes(_ reason: EngineCloseReason) -> Int {
        self[closes: reason]
    }

    /// The requests that were refused with a code.
    public func refusals(_ error: EngineRequestError) -> Int {
        self[refusals: error]
    }

    /// The HTTP connections that were closed since a state of theirs lasted too long.
    public func httpTimeouts(_ state: HTTPTimeout) -> Int {
        self[httpTimeouts: state]
    }

    package mutating func opened(on transport: EngineTransport) {
        handshakes += 1
        self[transport].connections += 1
    }

    package mutating func upgraded() {
        upgrades += 1
        polling.connections -= 1
        webSocket.connections += 1
    }

    package mutating func closed(on transport: EngineTransport, _ reason: EngineCloseReason) {
        self[transport].connections -= 1
        self[closes: reason] += 1
    }

    package mutating func refused(_ error: EngineRequestError) {
        self[refusals: error] += 1
    }

    package mutating func timedOut(_ state: HTTPTimeout) {
        self[httpTimeouts: state] += 1
    }

    private mutating func add(_ other: Self, _ sign: Int) {
        for row in Self.table { self[keyPath: row.value] += sign * other[keyPath: row.value] }
    }

    /// The sums.
    public static func += (left: inout Self, right: Self) {
        left.add(right, 1)
    }

    /// What happened between two readings.
    public static func - (left: Self, right: Self) -> Self {
        var difference = left
        difference.add(right, -1)
        return difference
    }
}

extension EngineCounters {
    /// All that is counted.
    package static let table = {
        var rows: [CounterRow<Self>] = [
            .init(.counter, "engineio_handshakes", value: \.handshakes),
            .init(.counter, "engineio_upgrades", value: \.upgrades),
            .init(.meter, "engineio_buffered_bytes", value: \.bufferedBytes),
            .init(.counter, "engineio_refused_sockets", value: \.refusedSockets),
        ]
        let (received, sent) = (("direction", "in"), ("direction", "out"))
        for transport in EngineTransport.allCases {
            let name = ("transport", transport.rawValue)
            rows += [
                .init(.meter, "engineio_connections", name, value: \.[transport].connections),
                .init(.counter, "engineio_packets", name, received, value: \.[transport].packetsReceived),
                .init(.counter, "engineio_packets", name, sent, value: \.[transport].packetsSent),
                .init(.counter, "engineio_bytes", name, received, value: \.[transport].bytesReceived),
                .init(.counter, "engineio_bytes", name, sent, value: \.[transport].bytesSent),
            ]
        }
        for reason in EngineCloseReason.allCases {
            rows.append(.init(.counter, "engineio_disconnects", ("reason", reason.rawValue), value: \.[closes: reason]))
        }
        for error in EngineRequestError.allCases {
            rows.append(.init(.counter, "engineio_refusals", ("code", "\(error.rawValue)"), value: \.[refusals: error]))
        }
        for state in HTTPTimeout.allCases {
            rows.append(
                .init(.counter, "engineio_http_timeouts", ("state", state.rawValue), value: \.[httpTimeouts: state])
            )
        }
        return rows
    }()

    private subscript(transport: EngineTransport) -> Traffic {
        get {
            switch transport {
            case .polling: polling
            case .webSocket: webSocket
            }
        }
        set {
            switch transport {
            case .polling: polling = newValue
            case .webSocket: webSocket = newValue
            }
        }
    }

    private subscript(closes reason: EngineCloseReason) -> Int {
        get { closes[Self.index(reason, in: EngineCloseReason.allCases)] }
        set { closes[Self.index(reason, in: EngineCloseReason.allCases)] = newValue }
    }

    private subscript(refusals error: EngineRequestError) -> Int {
        get { refusals[error.rawValue] }
        set { refusals[error.rawValue] = newValue }
    }

    private subscript(httpTimeouts state: HTTPTimeout) -> Int {
        get { httpTimeouts[Self.index(state, in: HTTPTimeout.allCases)] }
        set { httpTimeouts[Self.index(state, in: HTTPTimeout.allCases)] = newValue }
    }

    private static func index<Case: Equatable>(_ element: Case, in cases: [Case]) -> Int {
        guard let index = cases.firstIndex(of: element) else { preconditionFailure("allCases has all cases") }
        return index
    }
}
