/// What the application needs to know to start.
public struct LinkUpConfiguration: Sendable {
    /// The address to listen on, for the page as for STUN; `nil` for every address of both families.
    public var hostname: String?
    /// The TCP port of the page and of Socket.IO; 0 lets the system choose.
    public var port: Int
    /// The UDP and TCP port of the STUN server; 0 lets the system choose.
    public var stunPort: Int
    /// The host at which clients reach the STUN server; `nil` for the host of the page's address.
    public var stunHost: String?
    /// The folder with everything that outlives the process; created where it is missing.
    public var dataDirectory: String
    /// A folder from which the page is served in place of the copy in the program.
    public var webDirectory: String?

    /// Makes a configuration.
    /// - Parameters:
    ///   - hostname: The address to listen on; every address unless given.
    ///   - port: The port of the page; 3000, as other Socket.IO servers have it, unless given.
    ///   - stunPort: The port of the STUN server; 3478 (RFC 8489, section 18.6) unless given.
    ///   - stunHost: The host of the STUN server; that of the page unless given.
    ///   - dataDirectory: The folder of the data; `./linkup-data` unless given.
    ///   - webDirectory: A folder with the page; the copy in the program unless given.
    public init(
        hostname: String? = nil,
        port: Int = 3000,
        stunPort: Int = 3478,
        stunHost: String? = nil,
        dataDirectory: String = "./linkup-data",
        webDirectory: String? = nil
    ) {
        self.hostname = hostname
        self.port = port
        self.stunPort = stunPort
        self.stunHost = stunHost
        self.dataDirectory = dataDirectory
        self.webDirectory = webDirectory
    }
}
