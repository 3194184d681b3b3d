package import Monitoring
public import TURNServer

/// What the application needs to know to start.
public struct LinkUpConfiguration: Sendable {
    /// The address to listen on, for the page; `nil` for every address of both families.
    public var hostname: String?
    /// The TCP port of the page and of Socket.IO; 0 lets the system choose.
    public var port: Int
    /// The port at which clients reach ``port``, where a proxy passes on what comes to another; ``port`` unless set.
    ///
    /// TURN over TLS is looked for there, unless ``pageTLS`` is off.
    public var publicPort: Int?
    /// The STUN and TURN server.
    ///
    /// The application adds a secret of its own as the last, with which it makes credentials if there is no other.
    public var turn: TURNServer.Configuration
    /// The host at which clients reach STUN and TURN; `nil` for the host of the page's address.
    public var turnHost: String?
    /// Whether the port of the page speaks TLS, for HTTPS and for TURN, and with which certificate.
    public var pageTLS: PageTLS
    /// The folder with everything that outlives the process; created where it is missing.
    public var dataDirectory: String
    /// How much of what was said is kept.
    public var history = HistoryLimits()
    /// What anybody may take of the application, and who may speak to it.
    public var protections = Protections()
    /// Where metrics are to be had over HTTP, besides the socket in the data directory; nowhere unless set.
    package var metrics: MonitoringAddress?
    /// The version of the program, for those who run it.
    public var version = ""
    /// The path below which the page, Socket.IO and the rest of HTTP lie; the top unless set.
    public var basePath = BasePath.root
    /// A folder from which the page is served in place of the copy in the program.
    public var webDirectory: String?

    /// Makes a configuration.
    /// - Parameters:
    ///   - hostname: The address to listen on; every address unless given.
    ///   - port: The port of the page; 3000, as other Socket.IO servers have it, unless given.
    ///   - turn: The STUN and TURN server; on every address and port 3478 unless given.
    ///   - turnHost: The host of STUN and TURN; that of the page unless given.
    ///   - pageTLS: Whether the page's port speaks TLS; it does not unless given.
    ///   - dataDirectory: The folder of the data; `./linkup-data` unless given.
    ///   - webDirectory: A folder with the page; the copy in the program unless given.
    public init(
        hostname: String? = nil,
        port: Int = 3000,
        turn: TURNServer.Configuration = TURNServer.Configuration(),
        turnHost: String? = nil,
        pageTLS: PageTLS = .off,
        dataDirectory: String = "./linkup-data",
        webDirectory: String? = nil
    ) {
        self.hostname = hostname
        self.port = port
        self.turn = turn
        self.turnHost = turnHost
        self.pageTLS = pageTLS
        self.dataDirectory = dataDirectory
        self.webDirectory = webDirectory
    }
}

/// Whether the port of the page speaks TLS, and with which certificate.
public enum PageTLS: Sendable, Equatable {
    /// HTTP alone, as behind a proxy.
    case off
    /// With the certificate of the STUN and TURN server.
    case certificate
    /// With one that LinkUp makes itself and keeps in the data directory; browsers warn of it, unless they were told to
    /// trust its root.
    case selfSigned
    /// With one that a certificate authority gives to LinkUp.
    case acme(ACMEConfiguration)
}
