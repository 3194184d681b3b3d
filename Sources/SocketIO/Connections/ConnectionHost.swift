import Locking

/// Something that clients connect to, and that has middlewares and connection handlers of its own: a namespace, a
/// server (for its main namespace), or a ``ParentNamespace``.
///
/// Both apply to clients that join after they were added.
public protocol ConnectionHost: Sendable {
    /// The middlewares and handlers so far.
    var connectionHandlers: ConnectionHandlers { get }
}

extension ConnectionHost {
    /// Adds a middleware, which decides whether a client may join; throwing refuses it.
    ///
    /// Middlewares run one after the other, in the order in which they were added. The client is told what a
    /// ``ConnectionRefused`` says; other errors are logged and hidden from it.
    @discardableResult
    public func use(_ middleware: @escaping @Sendable (Socket) throws -> Void) -> Self {
        connectionHandlers.add(middleware: .synchronous(middleware))
        return self
    }

    /// Adds an asynchronous middleware.
    @discardableResult
    public func use(
        _ middleware: @escaping @Sendable (Socket) async throws -> Void
    ) -> Self {
        connectionHandlers.add(middleware: .asynchronous(middleware))
        return self
    }

    /// Adds a handler for clients that joined.
    ///
    /// The client has been told, and its socket is in its own room, before the handler runs.
    public func onConnection(_ handler: @escaping @Sendable (Socket) throws -> Void) {
        connectionHandlers.add(connection: .synchronous(handler))
    }

    /// Adds an asynchronous handler for clients that joined.
    ///
    /// Events that arrive before it has returned are held and then delivered in order.
    public func onConnection(
        _ handler: @escaping @Sendable (Socket) async throws -> Void
    ) {
        connectionHandlers.add(connection: .asynchronous(handler))
    }
}

/// The middlewares and connection handlers of a ``ConnectionHost``.
public final class ConnectionHandlers: Sendable {
    private struct State {
        var middlewares: [Middleware] = []
        var connection: [ConnectionHandler] = []
    }

    private let state: Mutex<State>

    init() {
        state = Mutex(State())
    }

    /// Begins with what `other` has now.
    init(copying other: ConnectionHandlers) {
        state = Mutex(other.state.withLock { $0 })
    }

    var middlewares: [Middleware] { state.withLock { $0.middlewares } }
    var connection: [ConnectionHandler] { state.withLock { $0.connection } }

    func add(middleware: Middleware) {
        state.withLock { $0.middlewares.append(middleware) }
    }

    func add(connection handler: ConnectionHandler) {
        state.withLock { $0.connection.append(handler) }
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
