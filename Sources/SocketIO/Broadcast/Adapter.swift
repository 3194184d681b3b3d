public import EngineIO
import Locking

/// Joins the servers of a cluster: takes what one of them has to tell the others, and hands in what they have to tell.
///
/// There is one for each namespace. Delivery to this server's own sockets is none of its business: it never waits for
/// the adapter, and works without it. Messages are values that can be serialised (`Codable`, or field by field into
/// the formats of other adapters), and the requests among them are kept track of by the namespace. So what an adapter
/// must do is to know the other nodes and to pass messages on, each sender's in the order of its calls; what comes
/// from other nodes goes to the ``ClusterInbox`` that the adapter was made with.
///
/// `SocketIOTestKit` holds an adapter to this contract.
public protocol Adapter: Sendable {
    /// How long answers of other nodes are waited for; 5 seconds as in the official adapters.
    var requestTimeout: Duration { get }

    /// The ids of the other nodes that have the namespace, as far as is known.
    ///
    /// An adapter that knows only how many they are makes ids up, and uses them for their answers.
    func otherNodes() async throws -> [String]

    /// Passes a message on to all other nodes that have the namespace.
    ///
    /// It is called from any thread and must not wait. Failures are the adapter's to log.
    func publish(_ message: ClusterMessage)

    /// Passes an answer on to the node that asked.
    ///
    /// It is called from any thread and must not wait.
    func respond(_ response: ClusterResponse, to node: String)

    /// Runs `work` once `delay` is over, on any thread.
    ///
    /// The core has no clock of its own, and a server without clients has no loop either.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer

    /// Ends the adapter: the server closes, or the namespace is gone.
    ///
    /// A namespace that clients brought into being may be made again after that, with another adapter, whose making waits
    /// for this. So this is called with a lock held: it must not call back.
    func close()

    /// The first socket of this node came into a room; every socket is in a room named by its id.
    ///
    /// These four are called in the order in which things happened, with a lock held: they must not call back.
    func roomCreated(_ room: String)

    /// The last socket of this node left a room.
    func roomDeleted(_ room: String)

    /// A socket of this node came into a room.
    func socketJoined(_ socket: String, _ room: String)

    /// A socket of this node left a room.
    func socketLeft(_ socket: String, _ room: String)
}

extension Adapter {
    /// 5 seconds.
    public var requestTimeout: Duration { .seconds(5) }

    /// Does nothing.
    public func roomCreated(_ room: String) {}

    /// Does nothing.
    public func roomDeleted(_ room: String) {}

    /// Does nothing.
    public func socketJoined(_ socket: String, _ room: String) {}

    /// Does nothing.
    public func socketLeft(_ socket: String, _ room: String) {}
}

/// Makes the adapter of a namespace; it must not ask the server for namespaces.
public typealias AdapterFactory = @Sendable (ClusterInbox) -> any Adapter

/// Where an adapter hands in what came from other nodes.
///
/// Methods may be called from anywhere. What one caller hands in keeps its order.
public final class ClusterInbox: Sendable {
    /// The namespace, with its leading slash.
    public let namespace: String

    private struct Target {
        /// Not strong, because the namespace keeps the adapter, which keeps this.
        weak var namespace: Namespace?
    }

    private let target = Mutex(Target())

    init(namespace: String) {
        self.namespace = namespace
    }

    /// Lets what is handed in reach the namespace.
    func open(_ namespace: Namespace) {
        target.withLock { $0.namespace = namespace }
    }

    /// Takes a message that another node published.
    public func receive(_ message: ClusterMessage, from node: String) {
        target.withLock { $0.namespace }?.receive(message, from: node)
    }

    /// Takes an answer of another node; one that nobody waits for is ignored.
    public func receive(_ response: ClusterResponse, from node: String) {
        target.withLock { $0.namespace }?.cluster?.receive(response, from: node)
    }

    /// Another node is gone: its answers are no longer waited for.
    public func nodeLeft(_ node: String) {
        target.withLock { $0.namespace }?.cluster?.nodeLeft(node)
    }
}

/// The adapter of a server that stands alone, which is the default.
///
/// Nothing of a cluster is then on any path.
public struct InMemoryAdapter: Adapter {
    /// Makes an adapter.
    public init() {}

    /// There are none.
    public func otherNodes() -> [String] { [] }

    /// There is nobody to pass it on to.
    public func publish(_ message: ClusterMessage) {}

    /// There is nobody to pass it on to.
    public func respond(_ response: ClusterResponse, to node: String) {}

    /// Nothing is waited for.
    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        EngineTimer {}
    }

    /// There is nothing to end.
    public func close() {}
}
