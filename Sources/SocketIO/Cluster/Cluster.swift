import EngineIO
import Locking

import struct Synchronization.Atomic

/// A namespace's side of its adapter.
final class Cluster: Sendable {
    let adapter: any Adapter

    private let requests = Mutex(ClusterRequests())
    private let rooms = Mutex<[ExactString: Int]>([:])
    private let lastRequest = Atomic<UInt64>(0)
    /// Tells the requests of this node from those of others.
    private let requestPrefix = RandomID.make() + "."

    init(_ adapter: any Adapter) {
        self.adapter = adapter
    }

    func publish(_ content: ClusterMessage.Content) {
        adapter.publish(ClusterMessage(content))
    }

    func makeRequestID() -> String {
        requestPrefix + String(lastRequest.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Asks all other nodes and gathers their answers.
    ///
    /// The question leaves before this returns, so that it keeps its place among the messages of the caller.
    /// - Parameters:
    ///   - content: The question.
    ///   - id: What ``makeRequestID()`` gave.
    ///   - timeout: When to give up; a broadcast whose receivers have no time-out gives up only on nodes that don't
    ///     even answer how many these are.
    ///   - completion: Called once, on any thread.
    func request(
        _ content: ClusterMessage.Content,
        id: String,
        timeout: Duration?,
        _ completion: @escaping ClusterRequests.Completion
    ) {
        requests.withLock { $0.begin(id, completion) }
        let timer = adapter.schedule(after: timeout ?? adapter.requestTimeout) { [weak self] in
            self?.expire(id, keepingNodesThatCounted: timeout == nil)
        }
        if !requests.withLock({ $0.setTimer(timer, of: id) }) { timer.cancel() }
        adapter.publish(ClusterMessage(content, request: id))
        // It ends as soon as the adapter answers, and the request does not outlive the timer.
        Task {
            let nodes = try? await adapter.otherNodes()
            requests.withLock { $0.expect(nodes, of: id) }?()
        }
    }

    /// Asks all other nodes a question that each answers once.
    func request(_ content: ClusterMessage.Content) async throws -> ClusterRequests.Outcome {
        let id = makeRequestID()
        let timeout = adapter.requestTimeout
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                request(content, id: id, timeout: timeout) { continuation.resume(returning: $0) }
                if Task.isCancelled { expire(id) }
            }
        } onCancel: {
            expire(id)
        }
        try Task.checkCancellation()
        return outcome
    }

    func expire(_ request: String, keepingNodesThatCounted keepsCounted: Bool = false) {
        requests.withLock { $0.expire(request, keepingNodesThatCounted: keepsCounted) }?()
    }

    func receive(_ response: ClusterResponse, from node: String) {
        requests.withLock { $0.receive(response, from: node) }?()
    }

    func nodeLeft(_ node: String) {
        for finished in requests.withLock({ $0.nodeLeft(node) }) { finished() }
    }

    // The adapter is told under the lock, so that of a room's end on one loop and its beginning on another it hears
    // in the right order.

    func socketJoined(_ socket: String, _ room: String) {
        rooms.withLock { rooms in
            let count = rooms[ExactString(room), default: 0]
            rooms[ExactString(room)] = count + 1
            if count == 0 { adapter.roomCreated(room) }
            adapter.socketJoined(socket, room)
        }
    }

    func socketLeft(_ socket: String, _ room: String) {
        rooms.withLock { rooms in
            guard let count = rooms[ExactString(room)] else { return }
            rooms[ExactString(room)] = count > 1 ? count - 1 : nil
            adapter.socketLeft(socket, room)
            if count == 1 { adapter.roomDeleted(room) }
        }
    }
}

extension Namespace {
    /// Does what another node asks for.
    func receive(_ message: ClusterMessage, from node: String) {
        switch message.content {
        case .broadcast(let event, let selection, let options):
            let selection = BroadcastOperator(namespace: self, selection, options)
            if let request = message.request {
                selection.answer(event, to: request, of: node)
            } else {
                selection.emit(event.name, raw: event.arguments)
            }
        case .socketsJoin(let selection, let rooms): BroadcastOperator(namespace: self, selection).socketsJoin(rooms)
        case .socketsLeave(let selection, let rooms): BroadcastOperator(namespace: self, selection).socketsLeave(rooms)
        case .disconnectSockets(let selection, let close):
            BroadcastOperator(namespace: self, selection).disconnectSockets(close: close)
        case .fetchSockets(let selection):
            guard let request = message.request else { return }
            BroadcastOperator(namespace: self, selection).gatherSockets { [cluster] sockets in
                let states = sockets.map(\.state)
                cluster?.adapter.respond(ClusterResponse(.sockets(states), to: request), to: node)
            }
        case .restoreSession(let ticket):
            if let request = message.request { receive(ticket, request: request, from: node) }
        case .serverSideEmit(let event):
            receiveServerSideEvent(event, request: message.request, from: node)
        }
    }
}
