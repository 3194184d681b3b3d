extension SocketIOServer {
    /// How clients that lost their connection may go on where they were.
    ///
    /// A client that comes back in time gets the same id, its rooms, ``Socket/data``, and the events that it missed,
    /// with ``Socket/isRecovered`` set. That works any number of times, also when the server has not noticed the loss
    /// yet, and in a cluster on any node. Events that wait for an acknowledgement and volatile ones are not repeated.
    /// Sessions live in memory and end with the process.
    ///
    /// In a cluster, events that other nodes send in the moment in which a session moves from one node to another can
    /// be missed or come twice.
    public struct ConnectionStateRecovery: Sendable {
        /// How long a client may be away; 2 minutes as in the official server.
        public var maxDisconnectionDuration: Duration

        /// Whether a client that comes back passes without middlewares; `true` as in the official server.
        public var skipMiddlewares: Bool

        /// How many events each namespace keeps; 10,000.
        ///
        /// The oldest go first, and a client that has not got beyond them gets a new session. Age alone drops none:
        /// the last event that a client got may be old where little is said.
        public var maxPackets: Int

        /// How many bytes the events that a namespace keeps may have, with their frames; 16 MiB.
        public var maxBytes: Int

        /// How many clients that are away each namespace remembers; 10,000, some MiB.
        ///
        /// The one that is away for longest goes first.
        public var maxSessions: Int

        /// Makes options.
        public init(
            maxDisconnectionDuration: Duration = .seconds(120),
            skipMiddlewares: Bool = true,
            maxPackets: Int = 10_000,
            maxBytes: Int = 16 << 20,
            maxSessions: Int = 10_000
        ) {
            precondition(maxDisconnectionDuration > .zero, "maxDisconnectionDuration must be positive")
            precondition(maxPackets > 0, "maxPackets must be positive")
            precondition(maxBytes > 0, "maxBytes must be positive")
            precondition(maxSessions > 0, "maxSessions must be positive")
            self.maxDisconnectionDuration = maxDisconnectionDuration
            self.skipMiddlewares = skipMiddlewares
            self.maxPackets = maxPackets
            self.maxBytes = maxBytes
            self.maxSessions = maxSessions
        }
    }
}
