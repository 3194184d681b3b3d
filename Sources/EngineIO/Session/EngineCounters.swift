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

        fileprivate mutating func add(_ other: Self, _ sign: Int) {
            connections += sign * other.connections
            packetsReceived += sign * other.packetsReceived
            packetsSent += sign * other.packetsSent
            bytesReceived += sign * other.bytesReceived
            bytesSent += sign * other.bytesSent
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
        closes[Self.index(reason)]
    }

    /// The requests that were refused with a code.
    public func refusals(_ error: EngineRequestError) -> Int {
        refusals[error.rawValue]
    }

    /// The HTTP connections that were closed since a state of theirs lasted too long.
    public func httpTimeouts(_ state: HTTPTimeout) -> Int {
        httpTimeouts[state.index]
    }

    package mutating func opened(on transport: EngineTransport) {
        handshakes += 1
        change(transport, by: 1)
    }

    package mutating func upgraded() {
        upgrades += 1
        change(.polling, by: -1)
        change(.webSocket, by: 1)
    }

    package mutating func closed(on transport: EngineTransport, _ reason: EngineCloseReason) {
        change(transport, by: -1)
        closes[Self.index(reason)] += 1
    }

    package mutating func refused(_ error: EngineRequestError) {
        refusals[error.rawValue] += 1
    }

    package mutating func timedOut(_ state: HTTPTimeout) {
        httpTimeouts[state.index] += 1
    }

    private mutating func change(_ transport: EngineTransport, by difference: Int) {
        switch transport {
        case .polling: polling.connections += difference
        case .webSocket: webSocket.connections += difference
        }
    }

    private static func index(_ reason: EngineCloseReason) -> Int {
        guard let index = EngineCloseReason.allCases.firstIndex(of: reason) else {
            preconditionFailure("allCases has all cases")
        }
        return index
    }

    private mutating func add(_ other: Self, _ sign: Int) {
        polling.add(other.polling, sign)
        webSocket.add(other.webSocket, sign)
        handshakes += sign * other.handshakes
        upgrades += sign * other.upgrades
        bufferedBytes += sign * other.bufferedBytes
        refusedSockets += sign * other.refusedSockets
        for index in closes.indices { closes[index] += sign * other.closes[index] }
        for index in refusals.indices { refusals[index] += sign * other.refusals[index] }
        for index in httpTimeouts.indices { httpTimeouts[index] += sign * other.httpTimeouts[index] }
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

extension HTTPTimeout {
    fileprivate var index: Int {
        switch self {
        case .head: 0
        case .body: 1
        case .response: 2
        case .idle: 3
        case .upgrade: 4
        }
    }
}
