public import EngineIO
import SocketIO

/// What the application lets anybody take of it, and who may speak to it; all of it is on unless set otherwise.
///
/// The figures are for a class of 40 behind one address, each with two tabs, all of whom come back at once after the
/// server, or their network, was away; see `docs/operations.md`.
public struct Protections: Sendable, Equatable {
    /// The most Socket.IO connections; 10,000, and `nil` for no limit.
    public var connections: Int?
    /// The most Socket.IO connections of one network (an address of IPv4, 2^64 of IPv6); 400, and `nil` for no limit.
    ///
    /// 40 people with two tabs are 80; as many again are those whose end is not yet noticed, for 45 s.
    public var connectionsPerNetwork: Int?
    /// The most TCP connections of the page's port; 20,000, and `nil` for no limit but the descriptors.
    public var sockets: Int?
    /// The most TCP connections of one network; 1000, and `nil` for no limit.
    ///
    /// A browser opens six to load the page, and one stays for each tab: 40 people have 320, and as many again are those
    /// whose end is not yet noticed.
    public var socketsPerNetwork: Int?
    /// How many connections one network may open in a second; 20, ten times as many at once, and `nil` for no limit.
    public var handshakesPerNetwork: Int?
    /// How many events one connection may send in a second; 300, five times as many at once, and `nil` for no limit.
    ///
    /// Three times what the rates of requests let through: who sends more is disconnected, since even refusing has a cost.
    public var eventsPerSecond: Int?
    /// How many bytes of messages one connection may send in a second; 1,000,000, five times as many at once, and `nil`
    /// for no limit.
    ///
    /// Four times what the rates of requests let through. Reading costs up to 22 ns a byte where a message is all small
    /// arguments, so that nobody takes more than a fiftieth of a core by it.
    public var bytesPerSecond: Int?
    /// The most bytes that may wait for one client to read them; 2 MiB.
    ///
    /// What is given to a client that reads slowly stays below it: 256 KiB of what can be asked for again, the pages of
    /// history that are being read, and what is said.
    public var waitingBytes: Int
    /// How often one connection may ask for what.
    public var rates: RequestRates
    /// How many people a room takes.
    public var roomSize: RoomSize
    /// How long the states of an HTTP connection may last.
    public var httpTimeouts: HTTPTimeouts
    /// The names under which the page is opened, besides those of the machine itself, addresses and `localhost`.
    public var publicHosts: [String]
    /// Other origins whose pages may use the server, such as `https://example.org`.
    public var allowedOrigins: [String]
    /// The proxies whose word about a client's address is taken.
    public var trustedProxies: [AddressRange]
    /// The proxies whose connections to the page's port begin with a header of the PROXY protocol; others have none.
    public var proxyProtocol: [AddressRange]

    /// Makes protections.
    public init(
        connections: Int? = 10_000,
        connectionsPerNetwork: Int? = 400,
        sockets: Int? = 20_000,
        socketsPerNetwork: Int? = 1000,
        handshakesPerNetwork: Int? = 20,
        eventsPerSecond: Int? = 300,
        bytesPerSecond: Int? = 1_000_000,
        waitingBytes: Int = 2 << 20,
        rates: RequestRates = RequestRates(),
        roomSize: RoomSize = RoomSize(),
        httpTimeouts: HTTPTimeouts = HTTPTimeouts(),
        publicHosts: [String] = [],
        allowedOrigins: [String] = [],
        trustedProxies: [AddressRange] = [],
        proxyProtocol: [AddressRange] = []
    ) {
        self.connections = connections
        self.connectionsPerNetwork = connectionsPerNetwork
        self.sockets = sockets
        self.socketsPerNetwork = socketsPerNetwork
        self.handshakesPerNetwork = handshakesPerNetwork
        self.eventsPerSecond = eventsPerSecond
        self.bytesPerSecond = bytesPerSecond
        self.waitingBytes = waitingBytes
        self.rates = rates
        self.roomSize = roomSize
        self.httpTimeouts = httpTimeouts
        self.publicHosts = publicHosts
        self.allowedOrigins = allowedOrigins
        self.trustedProxies = trustedProxies
        self.proxyProtocol = proxyProtocol
    }

    /// The limits of connections, as Engine.IO has them.
    var connectionLimits: ConnectionLimits {
        ConnectionLimits(
            maxConnections: connections,
            maxConnectionsPerAddress: connectionsPerNetwork,
            handshakesPerAddress: handshakesPerNetwork.map { Rate(perSecond: $0, burst: $0 * 10) },
            maxSockets: sockets,
            maxSocketsPerAddress: socketsPerNetwork
        )
    }

    /// How much one connection may send, as Socket.IO has it; `nil` without a limit.
    var eventRateLimit: EventRateLimit? {
        guard eventsPerSecond != nil || bytesPerSecond != nil else { return nil }
        let rate = { Rate(perSecond: $0, burst: $0 * 5) }
        return EventRateLimit(eventsPerSecond.map(rate), bytes: bytesPerSecond.map(rate))
    }

    /// The names under which the server may be asked.
    /// - Parameters:
    ///   - turnHost: The host of STUN and TURN, which is the server's name in most cases.
    ///   - machine: The names of the machine.
    /// - Returns: What `Host` may say.
    func hosts(turnHost: String?, machine: [String]) -> HostPolicy {
        HostPolicy(publicHosts + machine + (turnHost.map { [$0] } ?? []))
    }

    /// Whose pages may use the server, besides the one that comes from the host that is asked.
    ///
    /// A page under a public name is the server's own, whatever a proxy writes into `Host`.
    var origins: CORSPolicy? {
        let own = publicHosts.flatMap { ["http://\($0)", "https://\($0)"] }
        let all = Set((allowedOrigins + own).map { $0.lowercased() })
        return all.isEmpty ? nil : CORSPolicy(origins: .list(all))
    }

    /// Reads an origin as browsers write it: a scheme, a host, perhaps a port.
    /// - Returns: `nil` for anything else, a path above all.
    public static func origin(_ text: String) -> String? {
        let text = text.lowercased()
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let host = String(text.dropFirst(scheme.utf8.count))
            return ICEServers.host(host) == nil || host.hasSuffix(":") ? nil : text
        }
        return nil
    }

    /// Reads a name of a host, perhaps with a port, as it stands in the field `Host`.
    /// - Returns: The name in lower case; `nil` for anything else.
    public static func host(_ text: String) -> String? {
        ICEServers.host(text) == nil || text.hasSuffix(":") ? nil : text.lowercased()
    }
}
