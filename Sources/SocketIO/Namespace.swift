import EngineIO
import Logging
import Synchronization

/// A namespace: clients join it by name, and have a socket, rooms and handlers of their own in it.
///
/// Middlewares and connection handlers apply to clients that join after they were added.
public final class Namespace: Sendable, BroadcastEmitter {
    /// The name, with its leading slash.
    public var name: String { identity.name }

    let identity: NamespaceName
    let logger: Logger?

    private struct Handlers {
        var middlewares: [Middleware] = []
        var connection: [ConnectionHandler] = []
    }

    private let handlers = Mutex(Handlers())
    private let roomIndexes = Mutex<[RoomIndex]>([])
    /// Counted for the whole namespace, so that a broadcast carries one id for all its receivers.
    private let lastAcknowledgementID = Atomic<UInt64>(0)

    init(_ identity: NamespaceName, logger: Logger?) {
        self.identity = identity
        self.logger = logger
    }

    var middlewares: [Middleware] { handlers.withLock { $0.middlewares } }
    var connectionHandlers: [ConnectionHandler] { handlers.withLock { $0.connection } }

    /// The rooms of each loop that has had a client in the namespace.
    var shards: [RoomIndex] { roomIndexes.withLock { $0 } }

    func add(_ index: RoomIndex) {
        roomIndexes.withLock { $0.append(index) }
    }

    func makeAcknowledgementID() -> UInt64 {
        lastAcknowledgementID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// A broadcast to everybody in the namespace.
    public var broadcastOperator: BroadcastOperator { BroadcastOperator(namespace: self) }

    /// Adds a middleware, which decides whether a client may join; throwing refuses it.
    ///
    /// Middlewares run one after the other, in the order in which they were added. The client is told what a
    /// ``ConnectionRefused`` says; other errors are logged and hidden from it.
    @discardableResult
    public func use(_ middleware: @escaping @Sendable (Socket) throws -> Void) -> Self {
        handlers.withLock { $0.middlewares.append(.synchronous(middleware)) }
        return self
    }

    /// Adds an asynchronous middleware.
    @discardableResult
    public func use(
        _ middleware: @escaping @Sendable (Socket) async throws -> Void
    ) -> Self {
        handlers.withLock { $0.middlewares.append(.asynchronous(middleware)) }
        return self
    }

    /// Adds a handler for clients that joined.
    ///
    /// The client has been told, and its socket is in its own room, before the handler runs.
    public func onConnection(_ handler: @escaping @Sendable (Socket) throws -> Void) {
        handlers.withLock { $0.connection.append(.synchronous(handler)) }
    }

    /// Adds an asynchronous handler for clients that joined.
    ///
    /// Events that arrive before it has returned are held and then delivered in order.
    public func onConnection(
        _ handler: @escaping @Sendable (Socket) async throws -> Void
    ) {
        handlers.withLock { $0.connection.append(.asynchronous(handler)) }
    }
}

/// A function that a socket is passed to, with or without suspension.
enum SocketHandler: Sendable {
    case synchronous(@Sendable (Socket) throws -> Void)
    case asynchronous(@Sendable (Socket) async throws -> Void)
}

/// Decides whether a client may join.
typealias Middleware = SocketHandler
/// Greets a client that joined.
typealias ConnectionHandler = SocketHandler

// The main namespace is what an application without namespaces uses, so the server offers its methods too.
extension SocketIOServer: BroadcastEmitter {
    /// A broadcast to everybody in the main namespace.
    public var broadcastOperator: BroadcastOperator { main.broadcastOperator }

    /// Adds a middleware to the main namespace; see ``Namespace``.
    @discardableResult
    public func use(_ middleware: @escaping @Sendable (Socket) throws -> Void) -> Self {
        main.use(middleware)
        return self
    }

    /// Adds an asynchronous middleware to the main namespace.
    @discardableResult
    public func use(
        _ middleware: @escaping @Sendable (Socket) async throws -> Void
    ) -> Self {
        main.use(middleware)
        return self
    }

    /// Adds a handler for clients that joined the main namespace.
    public func onConnection(_ handler: @escaping @Sendable (Socket) throws -> Void) {
        main.onConnection(handler)
    }

    /// Adds an asynchronous handler for clients that joined the main namespace.
    public func onConnection(
        _ handler: @escaping @Sendable (Socket) async throws -> Void
    ) {
        main.onConnection(handler)
    }
}
