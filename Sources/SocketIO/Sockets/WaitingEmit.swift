import EngineIO

/// Why an event was not sent.
public enum EmitError: Error, Sendable, Equatable {
    /// The socket was disconnected before there was room, or was not connected to begin with.
    case disconnected
    /// The event has a reserved name, or arguments that can't be encoded.
    case notEncodable
}

extension SocketEmitter {
    /// Sends an event as soon as the client keeps up: while more than ``/EngineIO/EngineConfiguration/highWaterMark``
    /// bytes wait for it, this waits too.
    ///
    /// So a sender that produces faster than the client reads is held up, where `emit` would fill the buffer
    /// until the connection is closed with ``DisconnectReason/bufferOverflow``. Events that wait are sent in the order
    /// of the calls; those of `emit` overtake them.
    /// - Throws: ``EmitError``, or `CancellationError`; the event was not sent then.
    public nonisolated(nonsending) func emitWhenWritable<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument
    ) async throws {
        let emitter = socketOperator
        let packet = emitter.socket.namespace.encode(event, emitter.options) { writer in
            repeat try writer.writeElement(each arguments)
        }
        guard let packet else { throw EmitError.notEncodable }
        try Task.checkCancellation()
        let waiting = WaitingEmit(emitter.socket, packet)
        let loop = emitter.socket.connection.loop
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.run { waiting.begin(continuation) }
            }
        } onCancel: {
            loop.execute { waiting.cancel() }
        }
    }
}

/// An event that waits until its client keeps up.
///
/// Unchecked: what changes is touched only on the socket's loop.
final class WaitingEmit: @unchecked Sendable {
    let socket: Socket
    private let packet: OutgoingPacket
    private var continuation: CheckedContinuation<Void, any Error>?
    private var isCancelled = false

    init(_ socket: Socket, _ packet: OutgoingPacket) {
        self.socket = socket
        self.packet = packet
    }

    func begin(_ continuation: CheckedContinuation<Void, any Error>) {
        self.continuation = continuation
        if isCancelled {
            end(throwing: CancellationError())
        } else if !socket.isTransmitting {
            end(throwing: EmitError.disconnected)
        } else {
            socket.client.sendInTurn(self)
        }
    }

    func send() {
        let isSending = socket.isTransmitting
        socket.send(packet)
        end(throwing: isSending ? nil : EmitError.disconnected)
    }

    func cancel() {
        isCancelled = true
        guard continuation != nil else { return }
        socket.client.removeWaiting { $0 === self }
        end(throwing: CancellationError())
    }

    func end(throwing error: (any Error)?) {
        guard let continuation else { return }
        self.continuation = nil
        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
    }
}

extension ClientConnection {
    /// Whether the client keeps up.
    var hasRoom: Bool {
        connection.isWritable
            || connection.transport == .polling && connection.bufferedBytes <= EngineConfiguration.highWaterMark
    }

    /// Sends an event when it is its turn.
    func sendInTurn(_ emit: WaitingEmit) {
        if waiting.isEmpty, hasRoom {
            emit.send()
        } else {
            waiting.append(emit)
        }
    }

    /// Sends what waits, as long as the client keeps up.
    func connectionBecameWritable() {
        if !waitingForRepetition.isEmpty { repeatMissed() }
        while hasRoom, let emit = waiting.popFirst() { emit.send() }
    }

    func removeWaiting(_ isRemoved: (WaitingEmit) -> Bool) {
        waiting.removeAll(where: isRemoved)
    }

    /// A socket has ended: its events wait no longer.
    func endWaiting(of socket: Socket) {
        guard !waiting.isEmpty else { return }
        let ended = waiting.filter { $0.socket === socket }
        removeWaiting { $0.socket === socket }
        for emit in ended { emit.end(throwing: EmitError.disconnected) }
    }
}
