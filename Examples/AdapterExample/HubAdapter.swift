import EngineIO
import Foundation
import SocketIO
import Synchronization

/// Joins servers of one process.
///
/// What it does with bytes, another adapter does with Redis or a message queue.
final class Hub: Sendable {
    private typealias Delivery = @Sendable () -> Void

    /// The inbox of each node, by namespace.
    private let inboxes = Mutex<[String: [String: ClusterInbox]]>([:])
    private let deliveries: AsyncStream<Delivery>.Continuation
    private let pump: Task<Void, Never>

    init() {
        let (stream, continuation) = AsyncStream<Delivery>.makeStream()
        deliveries = continuation
        // One task delivers everything, so every node's messages keep their order.
        pump = Task { for await deliver in stream { deliver() } }
    }

    deinit { pump.cancel() }

    /// Makes the adapters of a server.
    /// - Parameters:
    ///   - node: A name that no other server of the hub has.
    ///   - requestTimeout: How long answers of other servers are waited for.
    /// - Returns: What `SocketIOServer` takes.
    func adapters(ofNode node: String, requestTimeout: Duration = .seconds(5)) -> AdapterFactory {
        { inbox in
            self.inboxes.withLock { $0[inbox.namespace, default: [:]][node] = inbox }
            return HubAdapter(hub: self, namespace: inbox.namespace, node: node, requestTimeout: requestTimeout)
        }
    }

    fileprivate func nodes(of namespace: String) -> [String] {
        inboxes.withLock { Array($0[namespace, default: [:]].keys) }
    }

    fileprivate func deliver(to node: String, _ namespace: String, _ body: @escaping @Sendable (ClusterInbox) -> Void) {
        deliveries.yield {
            if let inbox = self.inboxes.withLock({ $0[namespace]?[node] }) { body(inbox) }
        }
    }

    fileprivate func remove(_ node: String, from namespace: String) {
        inboxes.withLock { $0[namespace]?[node] = nil }
    }
}

/// A server's place at the hub, for one namespace.
struct HubAdapter: Adapter {
    let hub: Hub
    let namespace: String
    let node: String
    let requestTimeout: Duration

    func otherNodes() -> [String] {
        hub.nodes(of: namespace).filter { $0 != node }
    }

    func publish(_ message: ClusterMessage) {
        guard let bytes = try? JSONEncoder().encode(message) else { return }
        for other in otherNodes() {
            hub.deliver(to: other, namespace) { [node] inbox in
                guard let message = try? JSONDecoder().decode(ClusterMessage.self, from: bytes) else { return }
                inbox.receive(message, from: node)
            }
        }
    }

    func respond(_ response: ClusterResponse, to other: String) {
        guard let bytes = try? JSONEncoder().encode(response) else { return }
        hub.deliver(to: other, namespace) { [node] inbox in
            guard let response = try? JSONDecoder().decode(ClusterResponse.self, from: bytes) else { return }
            inbox.receive(response, from: node)
        }
    }

    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let timer = Task {
            try await Task.sleep(for: delay)
            work()
        }
        return EngineTimer { timer.cancel() }
    }

    func close() {
        hub.remove(node, from: namespace)
        for other in otherNodes() {
            hub.deliver(to: other, namespace) { [node] inbox in inbox.nodeLeft(node) }
        }
    }
}
