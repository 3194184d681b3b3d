import EngineIO

/// Something that can send to one client: a socket, or a ``SocketOperator`` with options for what is sent.
public protocol SocketEmitter: EventEmitter where Operator == SocketOperator {
    /// The socket and the options that the methods of this protocol start from.
    var socketOperator: SocketOperator { get }
}

/// A socket, and how the next events are to be sent to it.
///
/// A value: each method that sets an option returns a new one.
public struct SocketOperator: SocketEmitter {
    let socket: Socket
    var options = EmitOptions()

    init(_ socket: Socket) {
        self.socket = socket
    }

    /// The operator itself.
    public var socketOperator: SocketOperator { self }
}

extension Socket: SocketEmitter {
    /// The socket without options.
    public var socketOperator: SocketOperator { SocketOperator(self) }
}

// MARK: - Options and receivers

extension SocketEmitter {
    /// The same socket, with other options for what is sent next.
    public func with(_ change: (inout EmitOptions) -> Void) -> SocketOperator {
        var emitter = socketOperator
        change(&emitter.options)
        return emitter
    }

    /// A broadcast to the namespace, this socket left out.
    public var broadcast: BroadcastOperator {
        let emitter = socketOperator
        var broadcast = BroadcastOperator(namespace: emitter.socket.namespace)
        broadcast.audience.excluded = emitter.socket
        broadcast.options = emitter.options
        return broadcast
    }
}

// MARK: - Sending

extension SocketEmitter {
    /// Sends an event.
    ///
    /// An event with a reserved name, or with arguments that can't be encoded, is logged and not sent.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        socketOperator.send(event) { writer in repeat try writer.writeElement(each arguments) }
    }

    /// Sends an event with arguments that are passed on as they came.
    public func emit(_ event: String, raw arguments: SocketArguments) {
        let emitter = socketOperator
        let packet = emitter.socket.namespace.encode(event, emitter.options, raw: arguments)
        if let packet { emitter.socket.send(packet, isVolatile: emitter.options.isVolatile) }
    }

    /// Sends an event with the name `message`.
    public func send<each Argument: Encodable>(_ arguments: repeat each Argument) {
        socketOperator.send("message") { writer in repeat try writer.writeElement(each arguments) }
    }

    /// Sends an event; `completion` runs on the socket's loop when the acknowledgement came, or why it did not.
    public func emit<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        acknowledgement completion: @escaping @Sendable (Result<SocketArguments, AcknowledgementError>) -> Void
    ) {
        let emitter = socketOperator
        let id = emitter.socket.namespace.makeAcknowledgementID()
        let packet = emitter.encode(event, id: id) { writer in repeat try writer.writeElement(each arguments) }
        emitter.send(packet, id: id, completion)
    }

    /// Sends an event and waits for its acknowledgement.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> Answer {
        try await emitWithRawAck(event, repeat each arguments).decode(Answer.self)
    }

    /// Sends an event and waits for its acknowledgement, whatever it is.
    /// - Returns: All arguments of the acknowledgement, undecoded.
    /// - Throws: ``AcknowledgementError`` or `CancellationError`.
    public nonisolated(nonsending) func emitWithRawAck<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> SocketArguments {
        let emitter = socketOperator
        let id = emitter.socket.namespace.makeAcknowledgementID()
        let packet = emitter.encode(event, id: id) { writer in repeat try writer.writeElement(each arguments) }
        return try await emitter.request(packet, id: id)
    }
}

extension Socket {
    // The same as in the protocol, without the detour by an operator.

    /// Sends an event.
    ///
    /// An event with a reserved name, or with arguments that can't be encoded, is logged and not sent.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        let packet = namespace.encode(event) { writer in
            repeat try writer.writeElement(each arguments)
        }
        if let packet { send(packet) }
    }

    /// Sends an event with arguments that are passed on as they came.
    public func emit(_ event: String, raw arguments: SocketArguments) {
        let packet = namespace.encode(event, raw: arguments)
        if let packet { send(packet) }
    }
}

extension SocketOperator {
    fileprivate func encode(
        _ event: String,
        id: UInt64? = nil,
        _ writeArguments: (inout ArgumentWriter) throws -> Void
    ) -> OutgoingPacket? {
        socket.namespace.encode(event, id: id, options, writeArguments: writeArguments)
    }

    fileprivate func send(_ event: String, _ writeArguments: (inout ArgumentWriter) throws -> Void) {
        if let packet = encode(event, writeArguments) { socket.send(packet, isVolatile: options.isVolatile) }
    }

    fileprivate nonisolated(nonsending) func request(
        _ packet: OutgoingPacket?,
        id: UInt64
    ) async throws -> SocketArguments {
        try Task.checkCancellation()
        let result: Result<SocketArguments, AcknowledgementError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                send(packet, id: id) { continuation.resume(returning: $0) }
                // The handler may have run before there was anything to end.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        try Task.checkCancellation()
        return try result.get()
    }

    private func cancel(_ id: UInt64) {
        socket.connection.loop.execute { [socket] in socket.failAcknowledgement(id, .timedOut) }
    }

    fileprivate func send(
        _ packet: OutgoingPacket?,
        id: UInt64,
        _ completion: @escaping AcknowledgementTable.Completion
    ) {
        socket.runInOrder { [self] in
            guard let packet else {
                completion(.failure(.notSent(detail: "the event could not be encoded")))
                return
            }
            guard socket.expectAcknowledgement(id, timeout: options.timeout, completion) else { return }
            if !socket.transmit(packet, isVolatile: options.isVolatile) {
                socket.failAcknowledgement(id, .notSent(detail: "the client does not take it at once"))
            }
        }
    }
}
