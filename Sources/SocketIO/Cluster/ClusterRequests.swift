import EngineIO

/// The requests to other nodes whose answers have not all come.
struct ClusterRequests {
    /// What came until a request was complete or given up.
    struct Outcome: Sendable {
        var answers: [ClusterResponse.Content] = []
        /// The nodes that have not answered, or not to the end.
        var missingNodes: [String] = []
        /// Whether answers are missing; of whom is not known when the adapter does not know the other nodes.
        var isIncomplete = false
    }

    typealias Completion = @Sendable (Outcome) -> Void

    /// Must be called by the caller, without locks.
    struct Finished: Sendable {
        let outcome: Outcome
        let completion: Completion

        func callAsFunction() { completion(outcome) }
    }

    /// How far a node is.
    private struct Progress {
        var expected: Int?
        var received = 0
        /// Whether nothing more will come; other questions than broadcasts have one answer.
        var isComplete = false
    }

    private struct Pending {
        /// The nodes that have answered or are to answer.
        var nodes: [ExactString: Progress] = [:]
        /// Whether all that are to answer are in ``nodes``.
        var knowsNodes = false
        var outcome = Outcome()
        var timer: EngineTimer?
        let completion: Completion
    }

    private var pending: [ExactString: Pending] = [:]

    /// How many requests are under way.
    var count: Int { pending.count }

    /// Begins to take answers, of whatever node.
    mutating func begin(_ request: String, _ completion: @escaping Completion) {
        pending[ExactString(request)] = Pending(completion: completion)
    }

    /// Keeps the timer of a request, to cancel it when the request ends; `false` when it has ended already.
    mutating func setTimer(_ timer: EngineTimer, of request: String) -> Bool {
        let request = ExactString(request)
        guard pending[request] != nil else { return false }
        pending[request]?.timer = timer
        return true
    }

    /// The nodes are known, or will not be (`nil`).
    mutating func expect(_ nodes: [String]?, of request: String) -> Finished? {
        let request = ExactString(request)
        guard pending[request] != nil else { return nil }
        for node in (nodes ?? []).map(ExactString.init) where pending[request]?.nodes[node] == nil {
            pending[request]?.nodes[node] = Progress()
        }
        pending[request]?.knowsNodes = true
        if nodes == nil { pending[request]?.outcome.isIncomplete = true }
        return finishIfComplete(request)
    }

    /// Takes an answer; one that is not waited for is ignored.
    mutating func receive(_ response: ClusterResponse, from node: String) -> Finished? {
        let (id, node) = (ExactString(response.request), ExactString(node))
        guard var request = pending[id] else { return nil }
        guard var progress = request.nodes[node] ?? (request.knowsNodes ? nil : Progress()) else { return nil }
        guard !progress.isComplete else { return nil }
        switch response.content {
        case .clientCount(let count):
            progress.expected = count
            progress.isComplete = progress.received >= count
        case .acknowledgement:
            progress.received += 1
            request.outcome.answers.append(response.content)
            progress.isComplete = progress.expected.map { progress.received >= $0 } ?? false
        case .broadcastEnded:
            progress.isComplete = true
        case .session(let session) where session != nil:
            // Nobody else can have it.
            request.outcome.answers.append(response.content)
            request.knowsNodes = true
            request.nodes = [:]
            progress.isComplete = true
        case .session:
            progress.isComplete = true
        case .sockets, .serverSideAnswer:
            request.outcome.answers.append(response.content)
            progress.isComplete = true
        }
        request.nodes[node] = progress
        pending[id] = request
        return finishIfComplete(id)
    }

    /// A node is gone; what it has not answered is missing.
    mutating func nodeLeft(_ node: String) -> [Finished] {
        let node = ExactString(node)
        return pending.keys.sorted { $0.string < $1.string }.compactMap { id in
            guard pending[id]?.nodes[node]?.isComplete == false else { return nil }
            giveUp(node, id)
            return finishIfComplete(id)
        }
    }

    /// Gives up on all nodes, or on those that have not even said how many clients there are to wait for.
    mutating func expire(_ request: String, keepingNodesThatCounted keepsCounted: Bool = false) -> Finished? {
        let request = ExactString(request)
        guard let nodes = pending[request]?.nodes else { return nil }
        for node in nodes.keys.sorted(by: { $0.string < $1.string }) where nodes[node]?.isComplete == false {
            if keepsCounted, nodes[node]?.expected != nil { continue }
            giveUp(node, request)
        }
        if pending[request]?.knowsNodes == false {
            pending[request]?.knowsNodes = true
            pending[request]?.outcome.isIncomplete = true
        }
        return finishIfComplete(request)
    }

    private mutating func giveUp(_ node: ExactString, _ request: ExactString) {
        pending[request]?.nodes[node]?.isComplete = true
        pending[request]?.outcome.missingNodes.append(node.string)
        pending[request]?.outcome.isIncomplete = true
    }

    private mutating func finishIfComplete(_ id: ExactString) -> Finished? {
        guard let request = pending[id], request.knowsNodes, request.nodes.values.allSatisfy(\.isComplete) else {
            return nil
        }
        pending[id] = nil
        request.timer?.cancel()
        return Finished(outcome: request.outcome, completion: request.completion)
    }
}
