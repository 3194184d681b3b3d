import EngineIO

// MARK: - Sending events

extension Socket {
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

    /// Limits how long an acknowledgement is waited for.
    public func timeout(_ duration: Duration) -> AcknowledgedEmitter {
        AcknowledgedEmitter(socket: self, timeout: duration)
    }

    /// Sends an event and waits for its acknowledgement, until the socket is disconnected.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> Answer {
        try await AcknowledgedEmitter(socket: self, timeout: nil).emitWithAck(event, repeat each arguments)
    }

    /// An acknowledgement from the client; unless somebody waits for it, it is ignored.
    func receiveAcknowledgement(_ id: UInt64, _ arguments: SocketArguments) {
        pendingAcknowledgements.remove(id)?(.success(arguments))
    }

    /// Waits for an acknowledgement; on the loop.
    func expectAcknowledgement(
        _ id: UInt64,
        timeout: Duration?,
        _ completion: @escaping AcknowledgementTable.Completion
    ) {
        guard isConnected else {
            completion(.failure(.disconnected))
            return
        }
        let timer = timeout.map { timeout in
            connection.loop.schedule(at: connection.loop.now + timeout) { [weak self] in
                self?.failAcknowledgement(id, .timedOut)
            }
        }
        pendingAcknowledgements.insert(id, timer: timer, completion)
    }

    /// Ends the wait for an acknowledgement; a late one is ignored.
    func failAcknowledgement(_ id: UInt64, _ error: AcknowledgementError) {
        pendingAcknowledgements.remove(id)?(.failure(error))
    }
}

/// Sends events to one socket and waits for their acknowledgement.
public struct AcknowledgedEmitter: Sendable {
    let socket: Socket
    let timeout: Duration?

    /// Sends an event and waits for its acknowledgement.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> Answer {
        let id = socket.namespace.makeAcknowledgementID()
        let packet = socket.namespace.encode(event, id: id) { writer in
            repeat try writer.writeElement(each arguments)
        }
        return try await request(packet, id: id).decode(Answer.self)
    }

    /// Sends an event and waits for its acknowledgement, whatever it is.
    /// - Returns: All arguments of the acknowledgement, undecoded.
    /// - Throws: ``AcknowledgementError`` or `CancellationError`.
    public nonisolated(nonsending) func emitWithRawAck<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws -> SocketArguments {
        let id = socket.namespace.makeAcknowledgementID()
        let packet = socket.namespace.encode(event, id: id) { writer in
            repeat try writer.writeElement(each arguments)
        }
        return try await request(packet, id: id)
    }

    /// Sends an event; `completion` runs on the socket's loop when the acknowledgement came, or why it did not.
    public func emit<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        acknowledgement completion: @escaping @Sendable (Result<SocketArguments, AcknowledgementError>) -> Void
    ) {
        let id = socket.namespace.makeAcknowledgementID()
        let packet = socket.namespace.encode(event, id: id) { writer in
            repeat try writer.writeElement(each arguments)
        }
        send(packet, id: id, completion)
    }

    private nonisolated(nonsending) func request(
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

    private func send(
        _ packet: OutgoingPacket?,
        id: UInt64,
        _ completion: @escaping AcknowledgementTable.Completion
    ) {
        socket.connection.loop.run { [socket, timeout] in
            guard let packet else {
                completion(.failure(.notSent(detail: "the event could not be encoded")))
                return
            }
            socket.expectAcknowledgement(id, timeout: timeout, completion)
            socket.transmit(packet)
        }
    }
}
