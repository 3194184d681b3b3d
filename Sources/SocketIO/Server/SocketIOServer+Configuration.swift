extension SocketIOServer {
    /// The limits of a server.
    public struct Configuration: Sendable {
        /// How long a client may stay without joining a namespace; 45 seconds as in the official server.
        public var connectTimeout: Duration

        /// How many binary values an event or acknowledgement from a client may carry; 10 as in the official server.
        public var maxAttachments: Int

        /// How many arguments an event or acknowledgement from a client may have, its name not counted; 1000.
        ///
        /// Where each begins and ends is written down when a packet is read, at 20 times the cost of other bytes, and
        /// takes four times as much memory as the shortest argument. Nobody's handlers have as many parameters; lists
        /// are one argument. A client that sends more is disconnected. Without limit in Node.
        public var maxArguments: Int

        /// How deep arrays and objects from clients may be nested, the list of arguments included; 256, the most there
        /// may be.
        ///
        /// Enough for trees and reports that programs send, and little enough for the stack of any thread: what decodes
        /// values recurses. Types of an application that are decoded as `Codable` may be 64 deep; ``JSONValue`` and
        /// ``RawArgument`` take everything. A client that sends more is disconnected. In Node deep nesting ends the
        /// process.
        public var maxNestingDepth: Int

        /// How many asynchronous handlers of a client may be in flight at once; 100.
        ///
        /// Handlers of events and of connections, middlewares, and what decides about a namespace that a client asks for
        /// count, of all namespaces together, until they have ended: whether or not the client has left the namespace.
        /// A client can make them begin faster than they end, and each keeps memory and a place in whatever it waits
        /// for. Beyond this, events and requests to join are held. Handlers for the end of a socket count too but are
        /// never held. More than a page needs, and few enough that one client does not fill a database's queue.
        public var maxHandlersInFlight: Int

        /// How many bytes of events the handlers in flight may be busy with before others are held; 16 MiB, as much as
        /// may wait to be sent to a client.
        ///
        /// What a ``SocketEvents`` keeps counts too.
        public var maxHandlerBytesInFlight: Int

        /// How many events of a client, of all namespaces together, are held; 256.
        ///
        /// Events are held while connection handlers or middlewares are still running, and while as many handlers are
        /// in flight as may be. A client that sends more than this, or than ``maxHeldBytes``, is disconnected. Events
        /// that are held when their socket ends are dropped.
        public var maxHeldEvents: Int

        /// How many bytes the held events may have before another one is too many; 1 MiB.
        public var maxHeldBytes: Int

        /// How many namespaces a client may be in or about to join at once, besides the main one; 100.
        ///
        /// Every packet's namespace is looked for among them, and a client that asks for more is refused.
        public var maxNamespacesPerClient: Int

        /// How many namespaces clients may bring into being by asking for them; 1000, a few MiB.
        ///
        /// Only children of a ``ParentNamespace`` count. A client that asks for one more is refused.
        public var maxDynamicNamespaces: Int

        /// How many bytes the name of such a namespace may have; 128.
        ///
        /// A longer one is refused like an unknown one.
        public var maxDynamicNamespaceNameLength: Int

        /// Whether a namespace that a client brought into being goes away with its last client; `false` as in the
        /// official server.
        public var cleanupEmptyChildNamespaces: Bool

        /// How many acknowledgements may be waited for from one socket; 10,000.
        ///
        /// A client that never answers would otherwise make the server keep a closure for each event. Past the limit
        /// ``AcknowledgementError/tooManyPending`` is the answer and nothing is sent.
        public var maxPendingAcknowledgements: Int

        /// How many rooms a socket may be in besides its own; 10,000.
        ///
        /// More than any client needs, and few enough that rooms named by clients can't fill the memory. Joining one
        /// more is logged, counted and does nothing.
        public var maxRoomsPerSocket: Int

        /// How many timers, which `after` of ``Socket`` sets, a socket may have at once; 1000.
        ///
        /// A handler that sets one for each event lets its client set them, and each is kept until it is due. More than
        /// any application needs for one client. One more is logged and never runs.
        public var maxTimersPerSocket: Int

        /// How many bytes of JSON a client may send to join a namespace; 64 KiB, room for several tokens.
        ///
        /// They are kept for as long as the socket lives. A client that sends more is refused.
        public var maxAuthBytes: Int

        /// How often a client may send events; without limit unless set, as in the official server.
        public var eventRateLimit: EventRateLimit?

        /// How clients that lost their connection may go on where they were; they may not unless set.
        public var connectionStateRecovery: ConnectionStateRecovery?

        /// Which metrics are reported, and how often; none unless set.
        public var metrics: MetricsOptions?

        /// How packets are written (the official server's `parser`); JSON, as clients speak it unless told otherwise.
        public var parser: PacketFormat

        /// Makes a configuration.
        public init(
            parser: PacketFormat = .json,
            connectTimeout: Duration = .seconds(45),
            maxAttachments: Int = 10,
            maxArguments: Int = 1000,
            maxNestingDepth: Int = 256,
            maxHandlersInFlight: Int = 100,
            maxHandlerBytesInFlight: Int = 16 << 20,
            maxHeldEvents: Int = 256,
            maxHeldBytes: Int = 1 << 20,
            maxNamespacesPerClient: Int = 100,
            maxDynamicNamespaces: Int = 1000,
            maxDynamicNamespaceNameLength: Int = 128,
            cleanupEmptyChildNamespaces: Bool = false,
            maxPendingAcknowledgements: Int = 10_000,
            maxRoomsPerSocket: Int = 10_000,
            maxTimersPerSocket: Int = 1000,
            maxAuthBytes: Int = 65_536,
            eventRateLimit: EventRateLimit? = nil,
            connectionStateRecovery: ConnectionStateRecovery? = nil,
            metrics: MetricsOptions? = nil
        ) {
            precondition(connectTimeout > .zero, "connectTimeout must be positive")
            precondition(maxAttachments >= 0, "maxAttachments must not be negative")
            precondition(maxArguments >= 0, "maxArguments must not be negative")
            precondition(maxHeldEvents >= 0 && maxHeldBytes >= 0, "limits must not be negative")
            precondition(maxHandlersInFlight > 0, "maxHandlersInFlight must be positive")
            precondition(maxHandlerBytesInFlight >= 0, "limits must not be negative")
            self.parser = parser
            self.connectTimeout = connectTimeout
            self.maxAttachments = maxAttachments
            self.maxArguments = maxArguments
            precondition(
                (1...JSONScanner.greatestDepth).contains(maxNestingDepth),
                "maxNestingDepth must be between 1 and \(JSONScanner.greatestDepth)"
            )
            self.maxNestingDepth = maxNestingDepth
            self.maxHandlersInFlight = maxHandlersInFlight
            self.maxHandlerBytesInFlight = maxHandlerBytesInFlight
            self.maxHeldEvents = maxHeldEvents
            self.maxHeldBytes = maxHeldBytes
            precondition(maxNamespacesPerClient >= 0, "maxNamespacesPerClient must not be negative")
            precondition(maxDynamicNamespaces >= 0, "maxDynamicNamespaces must not be negative")
            precondition(maxDynamicNamespaceNameLength > 0, "maxDynamicNamespaceNameLength must be positive")
            self.maxNamespacesPerClient = maxNamespacesPerClient
            self.maxDynamicNamespaces = maxDynamicNamespaces
            self.maxDynamicNamespaceNameLength = maxDynamicNamespaceNameLength
            self.cleanupEmptyChildNamespaces = cleanupEmptyChildNamespaces
            precondition(maxPendingAcknowledgements > 0, "maxPendingAcknowledgements must be positive")
            self.maxPendingAcknowledgements = maxPendingAcknowledgements
            precondition(maxRoomsPerSocket >= 0, "maxRoomsPerSocket must not be negative")
            precondition(maxAuthBytes >= 0, "maxAuthBytes must not be negative")
            self.maxRoomsPerSocket = maxRoomsPerSocket
            precondition(maxTimersPerSocket >= 0, "maxTimersPerSocket must not be negative")
            self.maxTimersPerSocket = maxTimersPerSocket
            self.maxAuthBytes = maxAuthBytes
            self.eventRateLimit = eventRateLimit
            self.connectionStateRecovery = connectionStateRecovery
            self.metrics = metrics
        }
    }
}
