import Locking

/// Namespaces that come into being when a client asks for them by a name that matches.
///
/// Each child begins with the middlewares and connection handlers that the parent has at that moment; what is added
/// to the parent later applies to later children only.
public final class ParentNamespace: ConnectionHost {
    /// Decides by the name that a client asks for, with its leading slash, and what it sent to join (`auth`).
    enum Predicate: Sendable {
        /// Depends on the name alone, and so applies to names that the application asks for too.
        case name(@Sendable (String) -> Bool)
        case synchronous(@Sendable (String, RawArgument) -> Bool)
        case asynchronous(@Sendable (String, RawArgument) async -> Bool)
    }

    /// What children begin with.
    public let connectionHandlers = ConnectionHandlers()

    let predicate: Predicate
    private let members = Mutex<[Namespace]>([])

    init(_ predicate: Predicate) {
        self.predicate = predicate
    }

    /// The namespaces that exist now; use their methods to reach rooms in all of them.
    public var children: [Namespace] { members.withLock { $0 } }

    /// Sends an event to all sockets of all children.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        for child in children {
            child.emit(event, repeat each arguments)
        }
    }

    /// Sends an event with arguments that are passed on as they came.
    public func emit(_ event: String, raw arguments: SocketArguments) {
        for child in children {
            child.emit(event, raw: arguments)
        }
    }

    /// Whether the name alone makes a namespace a child.
    func adopts(_ name: String) -> Bool {
        if case .name(let matches) = predicate { matches(name) } else { false }
    }

    func makeChild(_ identity: NamespaceName, _ setup: NamespaceSetup, isDynamic: Bool) -> Namespace {
        let handlers = ConnectionHandlers(copying: connectionHandlers)
        let child = Namespace(identity, setup, handlers: handlers, isDynamic: isDynamic)
        members.withLock { $0.append(child) }
        return child
    }

    func remove(_ child: Namespace) {
        members.withLock { members in members.removeAll { $0 === child } }
    }
}

extension SocketIOServer {
    /// Lets clients create the namespaces whose whole name, with its leading slash, matches a pattern.
    ///
    /// Names come from clients, so a pattern should not be one that backtracks without end. A namespace that the
    /// application asks for with ``of(_:)`` and that matches is a child too, but does not go away when it is empty.
    ///
    ///     io.of(matching: /\/team-\d+/).onConnection { socket in … }
    ///
    /// Patterns and predicates are tried in the order in which they were added.
    /// - Returns: The parent of these namespaces.
    @discardableResult
    public func of<Output>(matching pattern: sending Regex<Output>) -> ParentNamespace {
        // A regular expression is not sendable; it is used by one thread at a time.
        let pattern = Mutex(pattern)
        return add(.name { name in pattern.withLock { (try? $0.wholeMatch(in: name)) != nil } })
    }

    /// Lets clients create the namespaces for which `predicate` says so.
    ///
    /// It gets the name with its leading slash, and what the client sent to join (`auth`). It is called on the
    /// client's loop, only for names that no namespace has yet.
    @discardableResult
    public func of(where predicate: @escaping @Sendable (String, RawArgument) -> Bool) -> ParentNamespace {
        add(.synchronous(predicate))
    }

    /// Lets clients create the namespaces for which an asynchronous `predicate` says so.
    ///
    /// The client is answered when the predicate has returned; what it sends to other namespaces meanwhile is
    /// delivered.
    @discardableResult
    public func of(
        where predicate: @escaping @Sendable (String, RawArgument) async -> Bool
    ) -> ParentNamespace {
        add(.asynchronous(predicate))
    }

    private func add(_ predicate: ParentNamespace.Predicate) -> ParentNamespace {
        let parent = ParentNamespace(predicate)
        namespaces.add(parent)
        return parent
    }

    /// Adds a hook for namespaces that are created from now on, by the application or by a client's wish.
    ///
    /// It runs where the namespace was asked for, before any client joins; clients that ask for it meanwhile wait. It may
    /// ask the server for this and for other namespaces.
    public func onNewNamespace(_ hook: @escaping @Sendable (Namespace) -> Void) {
        namespaces.add(hook)
    }
}
