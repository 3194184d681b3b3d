import EngineIO

/// Something that can send to one client: a socket, or a ``SocketOperator`` with flags for what is sent.
public protocol SocketEmitter: Sendable {
    /// The socket and the flags that the methods of this protocol start from.
    var socketOperator: SocketOperator { get }
}

/// A socket, and how the next events are to be sent to it.
///
/// A value: each method that sets a flag returns a new one.
public struct SocketOperator: SocketEmitter {
    let socket: Socket
    var flags = EmitFlags()
    var acknowledgementTimeout: Duration?

    init(_ socket: Socket) {
        self.socket = socket
    }

    /// The operator itself.
    public var socketOperator: SocketOperator { self }
}

/// How an event is sent.
struct EmitFlags: Sendable {
    /// Whether it is dropped rather than kept for a client that does not take it at once.
    var isVolatile = false
    /// Whether transports that compress may compress it.
    var isCompressible = true
}

extension Socket: SocketEmitter {
    /// The socket without flags.
    public var socketOperator: SocketOperator { SocketOperator(self) }
}

// MARK: - Flags

extension SocketEmitter {
    /// Drops what is sent next when the client does not take it at once.
    ///
    /// That is when no poll waits, or the WebSocket has unsent bytes from before this turn of the loop. An event with
    /// binary values is dropped or sent as a whole.
    public var volatile: SocketOperator {
        var emitter = socketOperator
        emitter.flags.isVolatile = true
        return emitter
    }

    /// Sets whether transports that compress may compress what is sent next; without this they may.
    public func compress(_ isCompressible: Bool) -> SocketOperator {
        var emitter = socketOperator
        emitter.flags.isCompressible = isCompressible
        return emitter
    }

    /// Limits how long an acknowledgement is waited for; without this until the socket is disconnected.
    public func timeout(_ duration: Duration) -> SocketOperator {
        var emitter = socketOperator
        emitter.acknowledgementTimeout = duration
        return emitter
    }

    /// A broadcast to the namespace, this socket left out.
    public var broadcast: BroadcastOperator {
        let emitter = socketOperator
        var selection = BroadcastOperator(namespace: emitter.socket.namespace, excluding: emitter.socket)
        selection.flags = emitter.flags
        selection.acknowledgementTimeout = emitter.acknowledgementTimeout
        return selection
    }

    /// A broadcast to the namespace on this node of a cluster, this socket left out.
    public var local: BroadcastOperator { broadcast.local }

    /// A broadcast to rooms, this socket left out.
    public func to(_ rooms: String...) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to rooms, this socket left out.
    public func to(_ rooms: [String]) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to rooms, this socket left out.
    public func `in`(_ rooms: String...) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to rooms, this socket left out.
    public func `in`(_ rooms: [String]) -> BroadcastOperator { broadcast.to(rooms) }

    /// A broadcast to the namespace, this socket and the sockets of the rooms left out.
    public func except(_ rooms: String...) -> BroadcastOperator { broadcast.except(rooms) }

    /// A broadcast to the namespace, this socket and the sockets of the rooms left out.
    public func except(_ rooms: [String]) -> BroadcastOperator { broadcast.except(rooms) }
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
        let packet = emitter.socket.namespace.encode(event, flags: emitter.flags, raw: arguments)
        if let packet { emitter.socket.send(packet, isVolatile: emitter.flags.isVolatile) }
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
        socket.namespace.encode(event, id: id, flags: flags, writeArguments: writeArguments)
    }

    fileprivate func send(_ event: String, _ writeArguments: (inout ArgumentWriter) throws -> Void) {
        if let packet = encode(event, writeArguments) { socket.send(packet, isVolatile: flags.isVolatile) }
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
            guard socket.expectAcknowledgement(id, timeout: acknowledgementTimeout, completion) else { return }
            if !socket.transmit(packet, isVolatile: flags.isVolatile) {
                socket.failAcknowledgement(id, .notSent(detail: "the client does not take it at once"))
            }
        }
    }
}
