import EngineIO
import Locking

extension BroadcastEmitter {
    /// Sends an event to the selected sockets; `completion` runs, on some loop, when each has acknowledged it or was
    /// disconnected, or when the time of ``EventEmitter/timeout(_:)`` is over.
    ///
    /// An event that can't be encoded is logged, and nobody answers it.
    public func emit<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        acknowledgement completion: @escaping @Sendable (Result<[SocketArguments], BroadcastTimeout>) -> Void
    ) {
        let selection = broadcastOperator
        let call = selection.prepare(event) { writer in repeat try writer.writeElement(each arguments) }
        guard let call else { return completion(.success([])) }
        call.start { outcome in
            completion(outcome.timeout.map { .failure($0) } ?? .success(outcome.answers))
        }
    }

    /// Sends an event to the selected sockets and waits until each has acknowledged it or was disconnected.
    ///
    /// Without ``EventEmitter/timeout(_:)`` it waits as long as that takes. With nobody selected the result is empty.
    /// - Returns: The first argument of each acknowledgement, in order of arrival.
    /// - Throws: ``BroadcastTimeout`` with the acknowledgements that came in time, ``AcknowledgementError/notSent(detail:)``,
    ///   ``ArgumentError`` when an answer is of another type, or `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> [Answer] {
        let selection = broadcastOperator
        let call = selection.prepare(event) { writer in repeat try writer.writeElement(each arguments) }
        guard let call else { throw AcknowledgementError.notSent(detail: "the event could not be encoded") }
        try Task.checkCancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.start { continuation.resume(returning: $0) }
                if Task.isCancelled { call.expire() }
            }
        } onCancel: {
            call.expire()
        }
        try Task.checkCancellation()
        if let timeout = result.timeout { throw timeout }
        return try result.answers.map { try $0.decode(Answer.self) }
    }
}

extension BroadcastOperator {
    /// Encodes an event whose acknowledgements are wanted; `nil` when that fails, which is logged.
    fileprivate func prepare(
        _ event: String,
        _ writeArguments: (inout ArgumentWriter) throws -> Void
    ) -> BroadcastCall? {
        let id = namespace.makeAcknowledgementID()
        guard let cluster else {
            let packet = namespace.encode(event, id: id, options, writeArguments: writeArguments)
            return packet.map { BroadcastCall(self, id: id, $0) }
        }
        do {
            let arguments = try SocketArguments(writeArguments)
            let packet = namespace.encode(event, id: id, options) { $0.writeElements(of: arguments) }
            let remote = RemoteBroadcast(cluster: cluster, content: message(event, arguments))
            return packet.map { BroadcastCall(self, id: id, $0, remote: remote) }
        } catch {
            namespace.logNotEncodable(event, error)
            return nil
        }
    }

    /// Sends an event for another node, and passes it the acknowledgements.
    func answer(_ event: ClusterEvent, to request: String, of node: String) {
        guard let adapter = namespace.cluster?.adapter else { return }
        let id = namespace.makeAcknowledgementID()
        let packet = namespace.encode(event.name, id: id, options) { $0.writeElements(of: event.arguments) }
        guard let packet else { return adapter.respond(ClusterResponse(.clientCount(0), to: request), to: node) }
        let call = BroadcastCall(self, id: id, packet) { progress in
            adapter.respond(ClusterResponse(progress, to: request), to: node)
        }
        call.start { outcome in
            if outcome.isIncomplete { adapter.respond(ClusterResponse(.broadcastEnded, to: request), to: node) }
        }
    }
}

/// The share of the other nodes in a broadcast whose acknowledgements are waited for.
private struct RemoteBroadcast: Sendable {
    let cluster: Cluster
    let content: ClusterMessage.Content
    let request: String

    init(cluster: Cluster, content: ClusterMessage.Content) {
        self.cluster = cluster
        self.content = content
        request = cluster.makeRequestID()
    }

    func start(timeout: Duration?, _ completion: @escaping @Sendable (BroadcastCall.Outcome) -> Void) {
        cluster.request(content, id: request, timeout: timeout) { outcome in
            var result = BroadcastCall.Outcome()
            for case .acknowledgement(let answer) in outcome.answers { result.answers.append(answer) }
            result.missingNodes = outcome.missingNodes
            result.isExpired = outcome.isIncomplete
            completion(result)
        }
    }
}

/// Gathers the acknowledgements of one broadcast from all loops, and from other nodes.
private final class BroadcastCall: Sendable {
    struct Outcome: Sendable {
        var answers: [SocketArguments] = []
        var isExpired = false
        /// Whether receivers have not acknowledged, because they are gone or too slow.
        var isIncomplete = false
        var missingNodes: [String] = []

        var timeout: BroadcastTimeout? {
            isExpired ? BroadcastTimeout(answers: answers, missingNodes: missingNodes) : nil
        }
    }

    /// Hears how many receivers there are, and of each acknowledgement as it comes.
    typealias Observer = @Sendable (ClusterResponse.Content) -> Void

    private struct State {
        var outcome = Outcome()
        var unfinished = 0
        var uncounted: Int
        var clientCount = 0
        var completion: (@Sendable (Outcome) -> Void)?
    }

    private let state: Mutex<State>
    private let packet: OutgoingPacket
    private let parts: [Part]
    private let remote: RemoteBroadcast?
    private let observer: Observer?
    private let timeout: Duration?
    private let recovery: Recovery?

    init(
        _ selection: BroadcastOperator,
        id: UInt64,
        _ packet: OutgoingPacket,
        remote: RemoteBroadcast? = nil,
        observer: Observer? = nil
    ) {
        let parts = selection.namespace.roomIndexes.map { Part(index: $0, selection, id: id, observer: observer) }
        self.parts = parts
        self.packet = packet
        self.remote = remote
        self.observer = observer
        timeout = selection.options.timeout
        recovery = selection.namespace.recovery
        state = Mutex(State(uncounted: parts.count))
    }

    func start(_ completion: @escaping @Sendable (Outcome) -> Void) {
        guard !parts.isEmpty || remote != nil else {
            observer?(.clientCount(0))
            return completion(Outcome())
        }
        state.withLock { state in
            state.unfinished = parts.count + (remote == nil ? 0 : 1)
            state.completion = completion
        }
        for part in parts {
            let start: @Sendable () -> Void = { [self] in
                let count = part.start(packet, timeout: timeout) { self.finish($0) }
                counted(count)
            }
            if let recovery { recovery.run(on: part.index, start) } else { part.index.loop.run(start) }
        }
        remote?.start(timeout: timeout) { self.finish($0) }
    }

    private func counted(_ count: Int) {
        guard let observer else { return }
        let total: Int? = state.withLock { state in
            state.clientCount += count
            state.uncounted -= 1
            return state.uncounted == 0 ? state.clientCount : nil
        }
        if let total { observer(.clientCount(total)) }
    }

    /// Gives up on the acknowledgements that have not come.
    func expire() {
        for part in parts {
            part.index.loop.execute { part.finish(isExpired: true) }
        }
        if let remote { remote.cluster.expire(remote.request) }
    }

    private func finish(_ outcome: Outcome) {
        let result: (Outcome, (@Sendable (Outcome) -> Void)?)? = state.withLock { state in
            state.outcome.answers += outcome.answers
            state.outcome.isExpired = state.outcome.isExpired || outcome.isExpired
            state.outcome.isIncomplete = state.outcome.isIncomplete || outcome.isIncomplete
            state.outcome.missingNodes += outcome.missingNodes
            state.unfinished -= 1
            guard state.unfinished == 0 else { return nil }
            return (state.outcome, state.completion)
        }
        if let (outcome, completion) = result { completion?(outcome) }
    }
}

extension BroadcastCall {
    /// The share of one loop.
    ///
    /// Unchecked: touched only on the index's loop, but for what is immutable.
    final class Part: @unchecked Sendable {
        let index: RoomIndex
        private let audience: Audience
        private let isVolatile: Bool
        private let id: UInt64
        private let observer: Observer?
        private var outcome = Outcome()
        private var awaited: [Socket] = []
        private var remaining = 0
        private var timer: EngineTimer?
        private var completion: (@Sendable (Outcome) -> Void)?

        init(index: RoomIndex, _ selection: BroadcastOperator, id: UInt64, observer: Observer?) {
            self.observer = observer
            self.index = index
            audience = selection.audience
            isVolatile = selection.options.isVolatile
            self.id = id
        }

        /// Sends the packet.
        /// - Returns: To how many sockets.
        func start(
            _ packet: OutgoingPacket,
            timeout: Duration?,
            _ completion: @escaping @Sendable (Outcome) -> Void
        ) -> Int {
            self.completion = completion
            index.forEach(in: audience) { awaited.append($0) }
            let count = awaited.count
            remaining = count
            guard remaining > 0 else {
                finish(isExpired: false)
                return 0
            }
            if let timeout {
                timer = index.loop.schedule(at: index.loop.now + timeout) { self.finish(isExpired: true) }
            }
            for socket in awaited {
                guard socket.expectAcknowledgement(id, timeout: nil, { self.receive($0) }) else { continue }
                if !socket.transmit(packet, isVolatile: isVolatile) {
                    socket.failAcknowledgement(id, .notSent(detail: "the client does not take it at once"))
                }
            }
            return count
        }

        private func receive(_ result: Result<SocketArguments, AcknowledgementError>) {
            guard completion != nil else { return }
            switch result {
            case .success(let answer):
                if let observer { observer(.acknowledgement(answer)) } else { outcome.answers.append(answer) }
            case .failure: outcome.isIncomplete = true
            }
            remaining -= 1
            if remaining == 0 { finish(isExpired: false) }
        }

        func finish(isExpired: Bool) {
            guard let completion else { return }
            self.completion = nil
            timer?.cancel()
            timer = nil
            if isExpired {
                outcome.isIncomplete = true
                for socket in awaited { socket.failAcknowledgement(id, .timedOut) }
            }
            awaited = []
            outcome.isExpired = isExpired
            completion(outcome)
        }
    }
}
