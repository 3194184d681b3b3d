/// The options that flags, environment and file share, by the names that they have as flags and in the file.
enum OptionName: String, CaseIterable, Sendable {
    // Where to listen and what to serve.
    case hostname
    case port
    case turnPort = "turn-port"
    case tlsPort = "tls-port"
    case certificate
    case privateKey = "private-key"
    case noTCP = "no-tcp"
    case tls
    case domain
    case acmeEmail = "acme-email"
    case acmeDirectory = "acme-directory"
    case acmeRoot = "acme-root"
    case httpPort = "http-port"
    case turnHost = "turn-host"
    case publicPort = "public-port"
    case dataDirectory = "data-directory"
    case webDirectory = "web-directory"
    case basePath = "base-path"
    case logLevel = "log-level"
    case logFormat = "log-format"
    case metrics
    case noQR = "no-qr"

    // Who may speak to the application, and how much of it anybody may take.
    case publicHost = "public-host"
    case allowedOrigin = "allowed-origin"
    case trustedProxy = "trusted-proxy"
    case proxyProtocol = "proxy-protocol"
    case maxClients = "max-clients"
    case maxNetworkClients = "max-network-clients"
    case maxSockets = "max-sockets"
    case maxNetworkSockets = "max-network-sockets"
    case networkHandshakes = "network-handshakes"
    case eventRate = "event-rate"
    case byteRate = "byte-rate"
    case maxWaiting = "max-waiting"
    case messageRate = "message-rate"
    case signalRate = "signal-rate"
    case requestRate = "request-rate"
    case roomPeople = "room-people"
    case roomNetworkPeople = "room-network-people"
    case httpHeadTimeout = "http-head-timeout"
    case httpBodyTimeout = "http-body-timeout"
    case httpResponseTimeout = "http-response-timeout"
    case httpIdleTimeout = "http-idle-timeout"
    case roomMessages = "room-messages"
    case roomSize = "room-size"
    case historyDays = "history-days"
    case historySize = "history-size"
    case diskReserve = "disk-reserve"

    // Relaying.
    case relayAddress = "relay-address"
    case relayPorts = "relay-ports"
    case realm
    case user
    case secret
    case allowPeer = "allow-peer"
    case denyPeer = "deny-peer"
    case relayPeers = "relay-peers"
    case tcpRelays = "tcp-relays"
    case userQuota = "user-quota"
    case networkQuota = "network-quota"
    case maxConnections = "max-connections"
    case maxConnectionsPerNetwork = "max-connections-per-network"
    case outliveCredentials = "outlive-credentials"
    case totalQuota = "total-quota"
    case maxBps = "max-bps"
    case threads
    case mobility
    case strictPermissions = "strict-permissions"
    case alternateServer = "alternate-server"
    case otherAddress = "other-address"

    /// The name as a flag.
    var flag: String { "--\(rawValue)" }

    /// The name as an environment variable.
    var variable: String {
        "\(Self.variablePrefix)_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// What the names of all environment variables begin with.
    static let variablePrefix = "LINKUP"
}
