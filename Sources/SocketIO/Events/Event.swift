/// Where an application writes down its events, so that `.say` finds them; see ``Event``.
///
/// Unchecked: it does not change, and nobody else can inherit from it; the compiler checks only classes without heirs.
public class Events: @unchecked Sendable {
    /// What the event is called on the wire.
    public let name: String

    fileprivate init(name: String) {
        self.name = name
    }
}

/// An event: its name, the types of its arguments, and last the type of its acknowledgement, or `Void` for none.
///
/// Written down once, it holds the handlers and the senders of the event to the same types:
///
/// ```swift
/// extension Events {
///     static let say = Event<String, String>("say")
///     static let moved = Event<Int, Int, Void>("moved")
/// }
/// ```
///
/// `socket.on(.say) { text in … }` then takes a `String` and returns one, and `io.to("room").emit(.moved, 1, 2)` takes
/// two integers. A name as a string does as well, beside it: what is on the wire is the same.
///
/// Unchecked like what it inherits from: it does not change.
public final class Event<each Argument, Answer>: Events, @unchecked Sendable {
    /// Makes an event with a name, which must not be one of Socket.IO's own.
    public init(_ name: String) {
        super.init(name: name)
    }
}

// MARK: - Receiving

extension Socket {
    /// Adds a handler for an event that has no acknowledgement; see ``Event``.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: Event<repeat each Argument, Void>,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> SocketListener {
        add(event.name, EventHandlers.make(handler))
    }

    /// Adds a handler whose result is the acknowledgement of an event; see ``Event``.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: Event<repeat each Argument, Answer>,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) -> SocketListener {
        add(event.name, EventHandlers.make(answering: handler))
    }

    /// Adds an asynchronous handler for an event that has no acknowledgement; see ``Event``.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: Event<repeat each Argument, Void>,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> SocketListener {
        add(event.name, isAsynchronous: true, EventHandlers.make(of: event.name, asynchronous: handler))
    }

    /// Adds an asynchronous handler whose result is the acknowledgement of an event; see ``Event``.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: Event<repeat each Argument, Answer>,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) -> SocketListener {
        add(event.name, isAsynchronous: true, EventHandlers.make(of: event.name, asynchronousAnswering: handler))
    }

    /// Removes the handlers of an event.
    public func off(_ event: Events) { off(event.name) }
}

// MARK: - Sending

extension SocketEmitter {
    /// Sends an event; see ``Event``.
    public func emit<each Argument: Encodable, Answer>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) {
        emit(event.name, repeat each arguments)
    }

    /// Sends an event and waits for its acknowledgement.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) async throws -> Answer {
        try await emitWithAck(event.name, repeat each arguments)
    }

    /// Sends an event as soon as the client keeps up; otherwise as with the name of the event.
    /// - Throws: ``EmitError``, or `CancellationError`; the event was not sent then.
    public nonisolated(nonsending) func emitWhenWritable<each Argument: Encodable, Answer>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) async throws {
        try await emitWhenWritable(event.name, repeat each arguments)
    }
}

extension BroadcastEmitter {
    /// Sends an event to the selected sockets; see ``Event``.
    public func emit<each Argument: Encodable, Answer>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) {
        emit(event.name, repeat each arguments)
    }

    /// Sends an event to the selected sockets and waits until each has acknowledged it or was disconnected.
    /// - Returns: The first argument of each acknowledgement, in order of arrival.
    /// - Throws: ``BroadcastTimeout`` with the acknowledgements that came in time,
    ///   ``AcknowledgementError/notSent(detail:)``, ``ArgumentError`` when an answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) async throws -> [Answer] {
        try await emitWithAck(event.name, repeat each arguments)
    }
}

extension RemoteSocket {
    /// Sends an event to the socket; see ``Event``.
    public func emit<each Argument: Encodable, Answer>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) {
        emit(event.name, repeat each arguments)
    }

    /// Sends an event to the socket and waits for its acknowledgement.
    /// - Returns: The first argument of the acknowledgement.
    /// - Throws: ``AcknowledgementError``, ``ArgumentError`` when the answer is of another type, or
    ///   `CancellationError`.
    public nonisolated(nonsending) func emitWithAck<each Argument: Encodable, Answer: Decodable>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument,
        timeout: Duration? = nil
    ) async throws -> Answer {
        try await emitWithAck(event.name, repeat each arguments, timeout: timeout)
    }
}

extension ParentNamespace {
    /// Sends an event to all sockets of all children; see ``Event``.
    public func emit<each Argument: Encodable, Answer>(
        _ event: Event<repeat each Argument, Answer>,
        _ arguments: repeat each Argument
    ) {
        emit(event.name, repeat each arguments)
    }
}
