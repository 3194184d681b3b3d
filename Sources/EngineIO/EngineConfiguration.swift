/// What a server allows and promises its clients; the names are the official server's options.
public struct EngineConfiguration: Sendable {
    // MARK: Where and how clients connect

    /// The path prefix of all requests, with or without a slash at its end; ``EngineApplication/defaultPath`` unless
    /// set.
    public var path: String?

    /// Whether requests have a slash after the path; `true`.
    ///
    /// Without, a request for any path that begins with ``path`` is the server's, as in the official server.
    public var addTrailingSlash: Bool

    /// The transports that clients may use, in the order of the handshake; both unless set.
    public var transports: [EngineTransport]

    /// Whether a connection over long-polling may change to WebSocket; `true` unless set.
    ///
    /// A client that tries it all the same is refused with code 3; the official server lets it.
    public var allowUpgrades: Bool

    /// Whether clients of protocol 3 (Socket.IO 2) are accepted; `false` unless set, since its binary payloads and
    /// its pings from the client are attack surface that few need.
    public var allowEIO3: Bool

    // MARK: Time

    /// The time from a pong to the next ping; 25 s, which most proxies' idle limits exceed.
    public var pingInterval: Duration

    /// How long a client may take to answer a ping; 20 s, for mobile browsers that throttle timers in the background.
    public var pingTimeout: Duration

    /// How long an upgrade may take from its WebSocket handshake to its end; 10 s.
    public var upgradeTimeout: Duration

    /// How long a closed session waits for its client: for the poll that fetches the news, or for a WebSocket to take
    /// what is left; 30 s.
    public var closeTimeout: Duration

    /// How long a client on WebSocket may take nothing of what waits for it; 30 s, and for ever if `nil`.
    ///
    /// Then its connection is given up with ``EngineCloseReason/sendTimeout``: it holds memory that others need, and
    /// whoever can't take a byte for so long does not come to life again. It is told within a ping interval and a sixth
    /// of the time. On long-polling the heartbeat does the same, as a ping that is not fetched can't be answered.
    public var sendTimeout: Duration?

    /// Over how long a server that shuts down says goodbye to its clients; 5 s.
    ///
    /// They come back to another server in the same order, and not all in one instant. Up to 100 clients are sent away
    /// at once, more in slices ten times a second.
    public var shutdownGracePeriod: Duration

    /// How long the states of an HTTP connection may last; half a minute or a minute each.
    public var httpTimeouts: HTTPTimeouts

    /// How often counters are reported to swift-metrics; every 10 s, as often as most collectors ask, and never if
    /// `nil`.
    public var metricsInterval: Duration?

    // MARK: Limits

    /// The most bytes of one WebSocket message or one POST body (`maxHttpBufferSize`); 1,000,000.
    ///
    /// The client is told, and batches its packets by it.
    public var maxPayload: Int

    /// The most bytes that may wait for one client to take them when it is sent more; 16 MiB.
    ///
    /// Whatever is sent while no more than that waits is taken, however large it is: who lets clients send 100 MB in one
    /// message can send it on to others. An event with several attachments is several messages.
    /// Enough for a dozen messages of the size that clients may send, and little enough that a thousand stalled
    /// clients don't fill a server's memory. The official server has no limit.
    public var maxBufferedBytes: Int

    /// The most bytes that may wait for all clients when one that is slow is sent more; 1 GiB, and no limit if `nil`.
    ///
    /// The one that is sent to is closed with ``EngineCloseReason/bufferOverflow`` if it is slow, that is, more than
    /// ``highWaterMark`` waits for it; those that keep up stay. The limit is that of many slow clients together, each of
    /// which stays below ``maxBufferedBytes``.
    public var maxBufferedBytesInAll: Int?

    /// The most packets that may wait for one client to take them; 65,536.
    ///
    /// A client that is sent a thousand packets a second and stalls is found by its heartbeat before it reaches this;
    /// what it guards against is floods of packets so small that ``maxBufferedBytes`` doesn't see what they cost.
    public var maxBufferedPackets: Int

    /// How many clients the server takes, in all and from one address; no limits unless set.
    public var limits: ConnectionLimits

    /// The proxies whose word about a client's address is taken; none unless set, since a client can write it as well.
    ///
    /// It concerns ``HandshakeRequest/remoteAddress``, ``HandshakeRequest/isSecure`` and ``limits``.
    public var trustedProxies: TrustedProxies?

    /// How WebSocket messages are compressed; they are not unless set, as in the official server.
    public var perMessageDeflate: PerMessageDeflate?

    // MARK: Browsers

    /// Which other origins may use the server from a browser; none unless set.
    public var cors: CORSPolicy?

    /// Whether requests of browsers need an origin that ``cors`` allows, or the server's own; `false`, as in the official
    /// server.
    ///
    /// Browsers don't hold WebSockets to CORS, and send polling requests before they hold the page to it. So without
    /// this, or ``allowRequest``, any page may open a WebSocket, or send packets, with the cookies of its visitor. A
    /// request without `Origin` comes from no browser, or from a page of the server's own, and passes.
    public var checkOrigin: Bool

    /// The names under which browsers may ask; any unless set, as in the official server.
    ///
    /// A server that is to be reached by some only, in a home or a company, needs it: see ``HostPolicy``. A request for
    /// another host is refused with 421.
    public var hosts: HostPolicy?

    /// The cookie that tells load balancers the session; none unless set.
    public var cookie: EngineCookie?

    // MARK: Handshakes and responses

    /// When responses to polls are compressed; from 1024 bytes on unless set, and never if `nil`.
    public var httpCompression: HTTPCompression?

    /// Asked before a session is opened; every handshake may go on unless set.
    ///
    /// Not asked for later requests of the session, nor for its upgrade. The request waits until the answer is there;
    /// the task is cancelled when the client gives up.
    public var allowRequest: (@Sendable (HandshakeRequest) async -> HandshakeDecision)?

    /// Makes the id of a session; 15 random bytes in base64url unless set.
    ///
    /// An id has 1 to 128 characters that need no escaping in a URL (letters, digits and `-_.!~*'()`) and is not in
    /// use. Whatever else comes back, or an error, refuses the handshake with code 3.
    public var generateID: (@Sendable (HandshakeRequest) async throws -> String)?

    /// A packet that follows the open packet at once, on every transport; none unless set.
    public var initialPacket: EncodedMessage?

    /// Further header fields of the response that opens a session, a WebSocket's 101 included (`initial_headers`).
    public var initialHeaders: (@Sendable (HandshakeRequest) -> [HandshakeRequest.HeaderField])?

    /// Further header fields of every response, a WebSocket's 101 and refusals included (`headers`).
    public var headers: (@Sendable (HandshakeRequest) -> [HandshakeRequest.HeaderField])?

    /// Told of every request that is refused, on the loop of the request (`connection_error`).
    public var onConnectionError: (@Sendable (HandshakeRequest, EngineRefusal) -> Void)?

    /// Whether a request for WebSocket outside of ``path`` is closed when nobody answers it; `true`.
    public var destroyUpgrade: Bool

    /// How long a request for WebSocket outside of ``path`` may stay without an answer; 1 s.
    public var destroyUpgradeTimeout: Duration

    /// Above so many bytes written in one turn of the loop, a WebSocket connection is not writable until they left.
    ///
    /// 64 KiB, what a channel of SwiftNIO buffers before it asks to pause.
    public static let highWaterMark = 65_536

    /// Makes a configuration.
    /// - Precondition: `path` begins with a slash, sizes and counts are positive, `transports` is not empty and no
    ///   duration is negative.
    public init(
        path: String? = nil,
        addTrailingSlash: Bool = true,
        transports: [EngineTransport] = [.polling, .webSocket],
        allowUpgrades: Bool = true,
        allowEIO3: Bool = false,
        pingInterval: Duration = .seconds(25),
        pingTimeout: Duration = .seconds(20),
        upgradeTimeout: Duration = .seconds(10),
        closeTimeout: Duration = .seconds(30),
        sendTimeout: Duration? = .seconds(30),
        shutdownGracePeriod: Duration = .seconds(5),
        httpTimeouts: HTTPTimeouts = HTTPTimeouts(),
        metricsInterval: Duration? = .seconds(10),
        maxPayload: Int = 1_000_000,
        maxBufferedBytes: Int = 16_777_216,
        maxBufferedBytesInAll: Int? = 1_073_741_824,
        maxBufferedPackets: Int = 65_536,
        limits: ConnectionLimits = ConnectionLimits(),
        trustedProxies: TrustedProxies? = nil,
        perMessageDeflate: PerMessageDeflate? = nil,
        cors: CORSPolicy? = nil,
        checkOrigin: Bool = false,
        hosts: HostPolicy? = nil,
        cookie: EngineCookie? = nil,
        httpCompression: HTTPCompression? = HTTPCompression(),
        allowRequest: (@Sendable (HandshakeRequest) async -> HandshakeDecision)? = nil,
        generateID: (@Sendable (HandshakeRequest) async throws -> String)? = nil,
        initialPacket: EncodedMessage? = nil,
        initialHeaders: (@Sendable (HandshakeRequest) -> [HandshakeRequest.HeaderField])? = nil,
        headers: (@Sendable (HandshakeRequest) -> [HandshakeRequest.HeaderField])? = nil,
        onConnectionError: (@Sendable (HandshakeRequest, EngineRefusal) -> Void)? = nil,
        destroyUpgrade: Bool = true,
        destroyUpgradeTimeout: Duration = .seconds(1)
    ) {
        self.path = path
        self.addTrailingSlash = addTrailingSlash
        self.transports = transports
        self.allowUpgrades = allowUpgrades
        self.allowEIO3 = allowEIO3
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.upgradeTimeout = upgradeTimeout
        self.closeTimeout = closeTimeout
        self.sendTimeout = sendTimeout
        self.shutdownGracePeriod = shutdownGracePeriod
        self.httpTimeouts = httpTimeouts
        self.metricsInterval = metricsInterval
        self.maxPayload = maxPayload
        self.maxBufferedBytes = maxBufferedBytes
        self.maxBufferedBytesInAll = maxBufferedBytesInAll
        self.maxBufferedPackets = maxBufferedPackets
        self.limits = limits
        self.trustedProxies = trustedProxies
        self.perMessageDeflate = perMessageDeflate
        self.cors = cors
        self.checkOrigin = checkOrigin
        self.hosts = hosts
        self.cookie = cookie
        self.httpCompression = httpCompression
        self.allowRequest = allowRequest
        self.generateID = generateID
        self.initialPacket = initialPacket
        self.initialHeaders = initialHeaders
        self.headers = headers
        self.onConnectionError = onConnectionError
        self.destroyUpgrade = destroyUpgrade
        self.destroyUpgradeTimeout = destroyUpgradeTimeout
        validate()
    }

    /// Refuses values without sense; a server checks again what was changed after `init`.
    package func validate() {
        precondition(path?.hasPrefix("/") ?? true, "path must begin with a slash")
        precondition(!transports.isEmpty, "at least one transport is needed")
        precondition(maxPayload > 0, "maxPayload must be positive")
        precondition(maxBufferedBytes > 0, "maxBufferedBytes must be positive")
        precondition(maxBufferedBytesInAll ?? 1 > 0, "maxBufferedBytesInAll must be positive")
        precondition(maxBufferedPackets > 0, "maxBufferedPackets must be positive")
        precondition(
            [pingInterval, pingTimeout, upgradeTimeout, closeTimeout, shutdownGracePeriod, destroyUpgradeTimeout]
                .allSatisfy { $0 >= .zero },
            "durations must not be negative"
        )
        precondition(metricsInterval.map { $0 > .zero } ?? true, "metricsInterval must be positive")
        httpTimeouts.validate()
        precondition(sendTimeout.map { $0 > .zero } ?? true, "sendTimeout must be positive")
        limits.validate()
        cors?.validate()
        cookie?.validate()
        httpCompression?.validate()
        perMessageDeflate?.validate()
    }

    /// What the path of a request must begin with.
    package func pathPrefix(default defaultPath: String) -> String {
        let path = path ?? defaultPath
        let bare = path.hasSuffix("/") ? String(path.dropLast()) : path
        return addTrailingSlash ? bare + "/" : bare
    }

    /// The upgrades that the open packet offers to a client on `transport`.
    func upgrades(from transport: EngineTransport) -> [EngineTransport] {
        guard allowUpgrades, transport == .polling, transports.contains(.webSocket) else { return [] }
        return [.webSocket]
    }

    /// Whether a page of this origin may use a server that it calls `host`.
    package func allows(origin: String?, host: String?) -> Bool {
        guard checkOrigin, let origin else { return true }
        if cors?.origins.allows(origin) == true { return true }
        guard let host else { return false }
        return ["http://", "https://"].contains { equalsIgnoringASCIICase(origin, $0 + host) }
    }
}

/// Whether a handshake may go on.
public enum HandshakeDecision: Sendable, Equatable {
    /// It may.
    case allow
    /// It is refused with code 4; the client sees the message, or `Forbidden`.
    case refuse(_ message: String? = nil)
}

/// A way in which packets travel; the raw value is the name on the wire.
public enum EngineTransport: String, Sendable, Equatable, CaseIterable {
    /// HTTP long-polling.
    case polling
    /// WebSocket, RFC 6455.
    case webSocket = "websocket"
}
