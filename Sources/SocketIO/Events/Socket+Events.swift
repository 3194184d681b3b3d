import EngineIO
import Logging

// MARK: - Receiving events

extension Socket {
    /// Adds a handler for an event.
    ///
    /// Its parameters say what the arguments must be: surplus arguments are ignored, missing ones are `nil` for
    /// optional parameters. An event whose arguments don't fit is logged and dropped. The handler runs on the
    /// socket's loop, so it must not block. An error that it throws is logged and given to ``onError(_:)``; an
    /// ``AcknowledgeableError`` is the acknowledgement.
    ///
    /// A client that waits for an acknowledgement gets it from a handler with a result, or from one that takes an
    /// ``Acknowledge``. A handler without a result answers nothing, as one in Node that does not call the callback: when
    /// an event has no other, the client waits in vain.
    /// - Returns: What ``off(_:)-(SocketListener)`` takes to remove the handler.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> SocketListener {
        add(event, EventHandlers.make(handler))
    }

    /// Adds a handler whose result is the acknowledgement.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) -> SocketListener {
        add(event, EventHandlers.make(answering: handler))
    }

    /// Adds an asynchronous handler.
    ///
    /// Handlers begin in the order in which events arrive; what they do after their first suspension may overlap.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> SocketListener {
        add(event, isAsynchronous: true, EventHandlers.make(of: event, asynchronous: handler))
    }

    /// Adds an asynchronous handler whose result is the acknowledgement.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) -> SocketListener {
        add(event, isAsynchronous: true, EventHandlers.make(of: event, asynchronousAnswering: handler))
    }

    /// Adds a handler that gets the arguments undecoded, and answers by itself when the client waits for it.
    @discardableResult
    public func on(
        _ event: String,
        raw handler: @escaping @Sendable (SocketArguments, Acknowledge?) throws -> Void
    ) -> SocketListener {
        add(event, EventHandlers.make(raw: handler))
    }

    /// Removes the handlers of an event.
    public func off(_ event: String) {
        connection.loop.run { self.listeners.events.removeAll { $0.name.string.isExactly(event) } }
    }

    /// Removes one listener, whatever it listens for.
    public func off(_ listener: SocketListener) {
        connection.loop.run { self.listeners.remove(listener) }
    }

    func add(
        _ event: String,
        isOnce: Bool = false,
        isAsynchronous: Bool = false,
        _ handler: @escaping EventHandler
    ) -> SocketListener {
        let id = makeListener()
        connection.loop.run { [self] in
            if case .disconnected = phase { return }
            listeners.events.append(
                .init(
                    id: id,
                    name: EventName(event),
                    isOnce: isOnce,
                    isAsynchronous: isAsynchronous,
                    handler: handler
                )
            )
        }
        return id
    }
}

// MARK: - Once

extension Socket {
    /// Adds a handler for the next event of this name only; otherwise like `on`.
    @discardableResult
    public func once<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> SocketListener {
        add(event, isOnce: true, EventHandlers.make(handler))
    }

    /// Adds a handler for the next event of this name only, whose result is the acknowledgement.
    @discardableResult
    public func once<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) -> SocketListener {
        add(event, isOnce: true, EventHandlers.make(answering: handler))
    }

    /// Adds an asynchronous handler for the next event of this name only.
    @discardableResult
    public func once<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> SocketListener {
        add(event, isOnce: true, isAsynchronous: true, EventHandlers.make(of: event, asynchronous: handler))
    }

    /// Adds an asynchronous handler for the next event of this name only, whose result is the acknowledgement.
    @discardableResult
    public func once<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) -> SocketListener {
        add(event, isOnce: true, isAsynchronous: true, EventHandlers.make(of: event, asynchronousAnswering: handler))
    }

    /// Adds a handler for the next event of this name only, which gets the arguments undecoded.
    @discardableResult
    public func once(
        _ event: String,
        raw handler: @escaping @Sendable (SocketArguments, Acknowledge?) throws -> Void
    ) -> SocketListener {
        add(event, isOnce: true, EventHandlers.make(raw: handler))
    }
}
