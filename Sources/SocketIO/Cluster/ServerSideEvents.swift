import Locking
import Logging

/// The handlers of a namespace for events from other nodes.
final class ServerSideEvents: Sendable {
    /// Handles an event; the function sends the answer, if one is wanted.
    typealias Handler = @Sendable (SocketArguments, @escaping @Sendable (SocketArguments) -> Void) throws -> Void

    private let handlers = Mutex<[ExactString: [Handler]]>([:])

    func add(_ event: String, _ handler: @escaping Handler) {
        handlers.withLock { $0[ExactString(event), default: []].append(handler) }
    }

    func handlers(of event: String) -> [Handler] {
        handlers.withLock { $0[ExactString(event)] ?? [] }
    }

    /// Whether the name belongs to the library, as in the official server.
    static func isReserved(_ event: String) -> Bool {
        switch event {
        case "connect", "connection", "new_namespace": true
        default: false
        }
    }
}

/// Some nodes did not answer an event between servers in time.
public struct ServerSideTimeout: Error, Sendable {
    /// The answers that did come, in order of arrival.
    public var answers: [SocketArguments]
    /// The ids of the nodes that did not answer; empty when the adapter did not know which nodes there are.
    public var missingNodes: [String]
}

extension BroadcastEmitter where Self: ConnectionHost {
    /// Sends an event to the other nodes of the cluster, whose handlers were added with `onServerSide`.
    ///
    /// A server that stands alone has none. An event with a reserved name (`connect`, `connection`, `new_namespace`),
    /// or with arguments that can't be encoded, is logged and not sent.
    public func serverSideEmit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        let namespace = broadcastOperator.namespace
        guard let cluster = namespace.cluster else { return }
        do {
            let arguments = try SocketArguments(encoding: repeat each arguments)
            try cluster.publish(.serverSideEmit(namespace.serverSideEvent(event, arguments)))
        } catch {
            let metadata: Logger.Metadata = [
                "namespace": "\(namespace.name)", "event": "\(event)", "error": "\(error)",
            ]
            namespace.logger?.error("a server-side event was not sent", metadata: metadata)
        }
    }

    /// Sends an event to the other nodes of the cluster, and waits until each has answered.
    /// - Returns: The first argument of each answer, in order of arrival.
    /// - Throws: ``ServerSideTimeout`` with the answers that came in time, ``AcknowledgementError/notSent(detail:)``,
    ///   ``ArgumentError`` when an answer is of another type, or `CancellationError`.
    public nonisolated(nonsending) func serverSideEmitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> [Answer] {
        let namespace = broadcastOperator.namespace
        guard let cluster = namespace.cluster else { return [] }
        let arguments = try SocketArguments(encoding: repeat each arguments)
        let outcome = try await cluster.request(.serverSideEmit(namespace.serverSideEvent(event, arguments)))
        let answers = outcome.answers.compactMap { answer in
            if case .serverSideAnswer(let arguments) = answer { arguments } else { nil }
        }
        guard !outcome.isIncomplete else {
            throw ServerSideTimeout(answers: answers, missingNodes: outcome.missingNodes)
        }
        return try answers.map { try $0.decode(Answer.self) }
    }

    /// How many servers the cluster has, this one among them; 1 for a server that stands alone.
    /// - Throws: What the adapter throws when it does not know the other nodes.
    public nonisolated(nonsending) func serverCount() async throws -> Int {
        guard let cluster = broadcastOperator.namespace.cluster else { return 1 }
        return try await cluster.adapter.otherNodes().count + 1
    }

    /// Adds a handler for an event from other nodes.
    ///
    /// It is called where the adapter handed the event in. A node that waits for an answer gets it from a handler with
    /// a result, or from one that answers when it likes; this one answers nothing.
    public func onServerSide<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) {
        broadcastOperator.namespace.serverSideEvents.add(event) { arguments, _ in
            var reader = ArgumentReader(arguments)
            try handler(repeat try reader.next((each Argument).self))
        }
    }

    /// Adds a handler for an event from other nodes, whose result is the answer.
    public func onServerSide<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) {
        broadcastOperator.namespace.serverSideEvents.add(event) { arguments, answer in
            var reader = ArgumentReader(arguments)
            answer(try SocketArguments(encoding: handler(repeat try reader.next((each Argument).self))))
        }
    }

    /// Adds a handler for an event from other nodes that gets the arguments undecoded, and answers when it likes.
    ///
    /// Further answers, and those that nobody waits for, are ignored.
    public func onServerSide(
        _ event: String,
        raw handler: @escaping @Sendable (SocketArguments, @escaping @Sendable (SocketArguments) -> Void) throws -> Void
    ) {
        broadcastOperator.namespace.serverSideEvents.add(event, handler)
    }
}

extension Namespace {
    fileprivate func serverSideEvent(
        _ event: String,
        _ arguments: SocketArguments
    ) throws(AcknowledgementError) -> ClusterEvent {
        guard !ServerSideEvents.isReserved(event) else { throw .notSent(detail: "the name is reserved") }
        return ClusterEvent(event, arguments)
    }

    /// Calls the handlers for an event of another node; the first answer of one of them counts there.
    func receiveServerSideEvent(_ event: ClusterEvent, request: String?, from node: String) {
        for handler in serverSideEvents.handlers(of: event.name) {
            do {
                try handler(event.arguments) { [weak self] answer in
                    guard let request else { return }
                    self?.cluster?.adapter.respond(ClusterResponse(.serverSideAnswer(answer), to: request), to: node)
                }
            } catch {
                let metadata: Logger.Metadata = ["namespace": "\(name)", "event": "\(event.name)", "error": "\(error)"]
                logger?.error("a handler of a server-side event failed", metadata: metadata)
            }
        }
    }
}
