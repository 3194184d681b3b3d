import EngineIO
import Foundation
import SocketIO

/// Joins servers of one process.
///
/// What it does with bytes, another adapter does with Redis or a message queue.
final class Hub: Sendable {
    /// The inbox of each node, by namespace.
    fileprivate typealias Inboxes = [String: [String: ClusterInbox]]
    fileprivate typealias Step = @Sendable (inout Inboxes) -> Void

    private let steps: AsyncStream<Step>.Continuation
    private let pump: Task<Void, Never>

    init() {
        let (stream, continuation) = AsyncStream<Step>.makeStream()
        steps = continuation
        // One task does everything: every node's messages keep their order, and the inboxes need no lock.
        pump = Task {
            var inboxes = Inboxes()
            for await step in stream { step(&inboxes) }
        }
    }

    deinit { pump.cancel() }

    /// Makes the adapters of a server.
    /// - Parameters:
    ///   - node: A name that no other server of the hub has.
    ///   - requestTimeout: How long answers of other servers are waited for.
    /// - Returns: What `SocketIOServer` takes.
    func adapters(ofNode node: String, requestTimeout: Duration = .seconds(5)) -> AdapterFactory {
        { inbox in
            self.take { $0[inbox.namespace, default: [:]][node] = inbox }
            return HubAdapter(hub: self, namespace: inbox.namespace, node: node, requestTimeout: requestTimeout)
        }
    }

    fileprivate func take(_ step: @escaping Step) {
        steps.yield(step)
    }
}

/// A server's place at the hub, for one namespace.
struct HubAdapter: Adapter {
    let hub: Hub
    let namespace: String
    let node: String
    let requestTimeout: Duration

    func otherNodes() async -> [String] {
        await withCheckedContinuation { continuation in
            hub.take { inboxes in
                continuation.resume(returning: inboxes[namespace, default: [:]].keys.filter { $0 != node })
            }
        }
    }

    func publish(_ message: ClusterMessage) {
        guard let bytes = try? JSONEncoder().encode(message) else { return }
        hub.take { inboxes in
            for (other, inbox) in inboxes[namespace, default: [:]] where other != node {
                guard let message = try? JSONDecoder().decode(ClusterMessage.self, from: bytes) else { return }
                inbox.receive(message, from: node)
            }
        }
    }

    func respond(_ response: ClusterResponse, to other: String) {
        guard let bytes = try? JSONEncoder().encode(response) else { return }
        hub.take { inboxes in
            guard let response = try? JSONDecoder().decode(ClusterResponse.self, from: bytes) else { return }
            inboxes[namespace]?[other]?.receive(response, from: node)
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
        hub.take { inboxes in
            inboxes[namespace]?[node] = nil
            for inbox in inboxes[namespace, default: [:]].values { inbox.nodeLeft(node) }
        }
    }
}
