import EngineIO
import Synchronization

extension BroadcastEmitter {
    /// Sends an event to the selected sockets; `completion` runs, on some loop, when each has acknowledged it or was
    /// disconnected, or when the time of ``timeout(_:)`` is over.
    ///
    /// An event that can't be encoded is logged, and nobody answers it.
    public func emit<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        acknowledgement completion: @escaping @Sendable (Result<[SocketArguments], BroadcastTimeout>) -> Void
    ) {
        let selection = broadcastOperator
        let id = selection.namespace.makeAcknowledgementID()
        let packet = selection.namespace.encode(event, id: id, flags: selection.flags) { writer in
            repeat try writer.writeElement(each arguments)
        }
        guard let packet else { return completion(.success([])) }
        BroadcastCall(selection, id: id).start(packet) { outcome in
            let timeout = outcome.isExpired ? BroadcastTimeout(answers: outcome.answers) : nil
            completion(timeout.map { .failure($0) } ?? .success(outcome.answers))
        }
    }

    /// Sends an event to the selected sockets and waits until each has acknowledged it or was disconnected.
    ///
    /// Without ``timeout(_:)`` it waits as long as that takes. With nobody selected the result is empty.
    /// - Returns: The first argument of each acknowledgement, in order of arrival.
    /// - Throws: ``BroadcastTimeout`` with the acknowledgements that came in time, ``AcknowledgementError/notSent(detail:)``,
    ///   ``ArgumentError`` when an answer is of another type, or `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> [Answer] {
        let selection = broadcastOperator
        let id = selection.namespace.makeAcknowledgementID()
        let packet = selection.namespace.encode(event, id: id, flags: selection.flags) { writer in
            repeat try writer.writeElement(each arguments)
        }
        guard let packet else { throw AcknowledgementError.notSent(detail: "the event could not be encoded") }
        try Task.checkCancellation()
        let call = BroadcastCall(selection, id: id)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.start(packet) { continuation.resume(returning: $0) }
                if Task.isCancelled { call.expire() }
            }
        } onCancel: {
            call.expire()
        }
        try Task.checkCancellation()
        if result.isExpired { throw BroadcastTimeout(answers: result.answers) }
        return try result.answers.map { try $0.decode(Answer.self) }
    }
}

/// Gathers the acknowledgements of one broadcast from all loops.
private final class BroadcastCall: Sendable {
    struct Outcome: Sendable {
        var answers: [SocketArguments] = []
        var isExpired = false
    }

    private struct State {
        var outcome = Outcome()
        var unfinished = 0
        var completion: (@Sendable (Outcome) -> Void)?
    }

    private let state = Mutex(State())
    private let parts: [Part]
    private let timeout: Duration?

    init(_ selection: BroadcastOperator, id: UInt64) {
        parts = selection.namespace.shards.map { Part(shard: $0, selection, id: id) }
        timeout = selection.acknowledgementTimeout
    }

    func start(_ packet: OutgoingPacket, _ completion: @escaping @Sendable (Outcome) -> Void) {
        guard !parts.isEmpty else { return completion(Outcome()) }
        state.withLock { state in
            state.unfinished = parts.count
            state.completion = completion
        }
        for part in parts {
            part.shard.loop.run { [self] in
                part.start(packet, timeout: timeout) { self.finish($0) }
            }
        }
    }

    /// Gives up on the acknowledgements that have not come.
    func expire() {
        for part in parts {
            part.shard.loop.execute { part.finish(isExpired: true) }
        }
    }

    private func finish(_ outcome: Outcome) {
        let result: (Outcome, (@Sendable (Outcome) -> Void)?)? = state.withLock { state in
            state.outcome.answers += outcome.answers
            state.outcome.isExpired = state.outcome.isExpired || outcome.isExpired
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
    /// Unchecked: touched only on the shard's loop, but for what is immutable.
    final class Part: @unchecked Sendable {
        let shard: RoomIndex
        private let target: BroadcastTarget
        private let isVolatile: Bool
        private let id: UInt64
        private var outcome = Outcome()
        private var awaited: [Socket] = []
        private var remaining = 0
        private var timer: EngineTimer?
        private var completion: (@Sendable (Outcome) -> Void)?

        init(shard: RoomIndex, _ selection: BroadcastOperator, id: UInt64) {
            self.shard = shard
            target = selection.target
            isVolatile = selection.flags.isVolatile
            self.id = id
        }

        func start(
            _ packet: OutgoingPacket,
            timeout: Duration?,
            _ completion: @escaping @Sendable (Outcome) -> Void
        ) {
            self.completion = completion
            shard.forEach(in: target) { awaited.append($0) }
            remaining = awaited.count
            guard remaining > 0 else { return finish(isExpired: false) }
            if let timeout {
                timer = shard.loop.schedule(at: shard.loop.now + timeout) { self.finish(isExpired: true) }
            }
            for socket in awaited {
                guard socket.expectAcknowledgement(id, timeout: nil, { self.receive($0) }) else { continue }
                if !socket.transmit(packet, isVolatile: isVolatile) {
                    socket.failAcknowledgement(id, .notSent(detail: "the client does not take it at once"))
                }
            }
        }

        private func receive(_ result: Result<SocketArguments, AcknowledgementError>) {
            guard completion != nil else { return }
            if case .success(let answer) = result { outcome.answers.append(answer) }
            remaining -= 1
            if remaining == 0 { finish(isExpired: false) }
        }

        func finish(isExpired: Bool) {
            guard let completion else { return }
            self.completion = nil
            timer?.cancel()
            timer = nil
            if isExpired {
                for socket in awaited { socket.failAcknowledgement(id, .timedOut) }
            }
            awaited = []
            outcome.isExpired = isExpired
            completion(outcome)
        }
    }
}
