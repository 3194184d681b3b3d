/// What a server allows and promises its clients; the names are the official server's options.
public struct EngineConfiguration: Sendable {
    /// The path prefix of all requests, with slashes at both ends; ``EngineApplication/defaultPath`` unless set.
    public var path: String?

    /// The transports that clients may use, in the order of the handshake; both unless set.
    public var transports: [EngineTransport]

    /// Whether a connection over long-polling may change to WebSocket; `true` unless set.
    public var allowUpgrades: Bool

    /// Whether clients of protocol 3 (Socket.IO 2) are accepted; `false` unless set, since its binary payloads and
    /// its pings from the client are attack surface that few need.
    public var allowEIO3: Bool

    /// The time from a pong to the next ping; 25 s, which most proxies' idle limits exceed.
    public var pingInterval: Duration

    /// How long a client may take to answer a ping; 20 s, for mobile browsers that throttle timers in the background.
    public var pingTimeout: Duration

    /// How long an upgrade may take from its WebSocket handshake to its end; 10 s.
    public var upgradeTimeout: Duration

    /// How long a closed long-polling session waits for the poll that fetches the news; 30 s.
    public var closeTimeout: Duration

    /// The most bytes of one WebSocket message or one POST body; 1,000,000.
    ///
    /// The client is told, and batches its packets by it.
    public var maxPayload: Int

    /// The most bytes that may wait for one client to take them; 16 MiB.
    ///
    /// Enough for a dozen messages of the size that clients may send, and little enough that a thousand stalled
    /// clients don't fill a server's memory. The official server has no limit.
    public var maxBufferedBytes: Int

    /// The most packets that may wait for one client to take them; 65,536.
    ///
    /// A client that is sent a thousand packets a second and stalls is found by its heartbeat before it reaches this;
    /// what it guards against is floods of packets so small that ``maxBufferedBytes`` doesn't see what they cost.
    public var maxBufferedPackets: Int

    /// Which other origins may use the server from a browser; none unless set.
    public var cors: CORSPolicy?

    /// Above so many bytes written in one turn of the loop, a WebSocket connection is not writable until they left.
    ///
    /// 64 KiB, what a channel of SwiftNIO buffers before it asks to pause.
    public static let highWaterMark = 65_536

    /// Makes a configuration.
    /// - Precondition: `path` begins and ends with a slash, sizes and counts are positive, `transports` is not empty
    ///   and no duration is negative.
    public init(
        path: String? = nil,
        transports: [EngineTransport] = [.polling, .webSocket],
        allowUpgrades: Bool = true,
        allowEIO3: Bool = false,
        pingInterval: Duration = .seconds(25),
        pingTimeout: Duration = .seconds(20),
        upgradeTimeout: Duration = .seconds(10),
        closeTimeout: Duration = .seconds(30),
        maxPayload: Int = 1_000_000,
        maxBufferedBytes: Int = 16_777_216,
        maxBufferedPackets: Int = 65_536,
        cors: CORSPolicy? = nil
    ) {
        precondition(
            path.map { $0.hasPrefix("/") && $0.hasSuffix("/") } ?? true,
            "path must begin and end with a slash"
        )
        precondition(!transports.isEmpty, "at least one transport is needed")
        precondition(maxPayload > 0, "maxPayload must be positive")
        precondition(maxBufferedBytes > 0, "maxBufferedBytes must be positive")
        precondition(maxBufferedPackets > 0, "maxBufferedPackets must be positive")
        precondition(
            [pingInterval, pingTimeout, upgradeTimeout, closeTimeout].allSatisfy { $0 >= .zero },
            "durations must not be negative"
        )
        self.path = path
        self.transports = transports
        self.allowUpgrades = allowUpgrades
        self.allowEIO3 = allowEIO3
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.upgradeTimeout = upgradeTimeout
        self.closeTimeout = closeTimeout
        self.maxPayload = maxPayload
        self.maxBufferedBytes = maxBufferedBytes
        self.maxBufferedPackets = maxBufferedPackets
        self.cors = cors
    }

    /// The upgrades that the open packet offers to a client on `transport`.
    func upgrades(from transport: EngineTransport) -> [EngineTransport] {
        guard allowUpgrades, transport == .polling, transports.contains(.webSocket) else { return [] }
        return [.webSocket]
    }
}

/// A way in which packets travel; the raw value is the name on the wire.
public enum EngineTransport: String, Sendable, Equatable, CaseIterable {
    /// HTTP long-polling.
    case polling
    /// WebSocket, RFC 6455.
    case webSocket = "websocket"
}
