extension STUNServer {
    /// Where a server listens, and its limits.
    public struct Configuration: Hashable, Sendable {
        /// An address or a name to listen on.
        ///
        /// Default `nil`, which means all addresses, IPv4 and IPv6, as `::` does.
        public var hostname: String?
        /// The port for UDP and TCP; 0 lets the system choose one that is free for both.
        ///
        /// Default 3478, which is registered for STUN (RFC 8489 §18.6).
        public var port: Int
        /// How long a TCP connection may be without a whole message.
        ///
        /// Default 60 s: clients that keep a connection send keep-alives more often, and others ask once.
        public var idleTimeout: Duration
        /// How many TCP connections may be open.
        ///
        /// Default 1024: most clients use UDP, and each connection takes a descriptor from the process.
        public var maximumConnections: Int

        /// Makes a configuration; what is not given has its default.
        public init(
            hostname: String? = nil,
            port: Int = 3478,
            idleTimeout: Duration = .seconds(60),
            maximumConnections: Int = 1024
        ) {
            self.hostname = hostname
            self.port = port
            self.idleTimeout = idleTimeout
            self.maximumConnections = maximumConnections
        }
    }
}
