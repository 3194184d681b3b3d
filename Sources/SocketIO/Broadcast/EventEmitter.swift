/// How what is sent next is sent: to one socket, to many, and on its way between the nodes of a cluster.
public struct EmitOptions: Sendable, Equatable, Codable {
    /// Whether it is dropped for clients that don't take it at once, rather than kept for them.
    public var isVolatile: Bool
    /// Whether transports that compress may compress it.
    public var isCompressible: Bool
    /// How long acknowledgements are waited for; `nil` means until the client is gone.
    public var timeout: Duration?

    /// Makes options; without arguments those of an ordinary event.
    public init(isVolatile: Bool = false, isCompressible: Bool = true, timeout: Duration? = nil) {
        self.isVolatile = isVolatile
        self.isCompressible = isCompressible
        self.timeout = timeout
    }
}

/// Something that events are sent by: to one client (``SocketEmitter``) or to many (``BroadcastEmitter``).
public protocol EventEmitter: Sendable {
    /// Sends to the same receivers, and carries options.
    associatedtype Operator: Sendable

    /// The same receivers, with other options for what is sent next.
    func with(_ change: (inout EmitOptions) -> Void) -> Operator

    /// The broadcast that ``to(_:)-(String...)`` and its relatives start from; that of a socket leaves the socket out.
    var broadcast: BroadcastOperator { get }
}

// MARK: - Options

extension EventEmitter {
    /// Drops what is sent next for clients that don't take it at once.
    ///
    /// Those are the ones without a waiting poll, or whose WebSocket has unsent bytes from before this turn of the loop.
    /// An event with binary values is dropped or sent as a whole.
    public var volatile: Operator { with { $0.isVolatile = true } }

    /// Sets whether transports that compress may compress what is sent next; without this they may.
    public func compress(_ isCompressible: Bool) -> Operator { with { $0.isCompressible = isCompressible } }

    /// Limits how long acknowledgements are waited for; without this until their clients are disconnected.
    public func timeout(_ duration: Duration) -> Operator { with { $0.timeout = duration } }
}

// MARK: - Receivers

extension EventEmitter {
    /// Adds rooms to those that a broadcast reaches; without rooms it is the whole namespace.
    public func to(_ rooms: String...) -> BroadcastOperator { to(rooms) }

    /// Adds rooms to those that a broadcast reaches.
    public func to(_ rooms: [String]) -> BroadcastOperator {
        var broadcast = broadcast
        broadcast.audience.selection.rooms += rooms
        return broadcast
    }

    /// Adds rooms to those that a broadcast reaches; the same as ``to(_:)-(String...)``.
    public func `in`(_ rooms: String...) -> BroadcastOperator { to(rooms) }

    /// Adds rooms to those that a broadcast reaches.
    public func `in`(_ rooms: [String]) -> BroadcastOperator { to(rooms) }

    /// Leaves the sockets of these rooms out of a broadcast.
    public func except(_ rooms: String...) -> BroadcastOperator { except(rooms) }

    /// Leaves the sockets of these rooms out of a broadcast.
    public func except(_ rooms: [String]) -> BroadcastOperator {
        var broadcast = broadcast
        broadcast.audience.selection.except += rooms
        return broadcast
    }

    /// A broadcast that leaves the other nodes of a cluster out.
    public var local: BroadcastOperator {
        var broadcast = broadcast
        broadcast.audience.isLocal = true
        return broadcast
    }
}

/// Whom a broadcast is for, among the sockets of its namespace.
struct Audience: Sendable {
    /// The rooms to reach and to leave out.
    var selection = BroadcastSelection()
    /// The sender, if it is to be left out.
    var excluded: Socket?
    /// Whether the other nodes of a cluster are left out.
    var isLocal = false

    /// The same for other nodes, to which the sender is a room to leave out.
    var remoteSelection: BroadcastSelection {
        var remote = selection
        if let excluded { remote.except.append(excluded.id) }
        return remote
    }
}
