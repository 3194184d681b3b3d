import EngineIO
import Logging

// MARK: - Seeing every event

extension Socket {
    /// Adds a listener that is called for every event from the client, before middlewares and handlers.
    @discardableResult
    public func onAny(_ listener: @escaping @Sendable (String, SocketArguments) throws -> Void) -> SocketListener {
        addHook { $0.any.append($1, listener) }
    }

    /// Adds a listener for every event that is called before those that were added so far.
    @discardableResult
    public func prependAny(
        _ listener: @escaping @Sendable (String, SocketArguments) throws -> Void
    ) -> SocketListener {
        addHook { $0.any.prepend($1, listener) }
    }

    /// Removes all listeners for every event; ``off(_:)-(SocketListener)`` removes one.
    public func offAny() {
        connection.loop.run { self.listeners.hooks?.any.removeAll() }
    }

    /// Adds a listener that is called for every event that is sent to the client, alone or in a broadcast.
    ///
    /// Acknowledgements and dropped volatile events are not among them.
    @discardableResult
    public func onAnyOutgoing(
        _ listener: @escaping @Sendable (String, SocketArguments) throws -> Void
    ) -> SocketListener {
        addHook { $0.anyOutgoing.append($1, listener) }
    }

    /// Adds a listener for every event to the client that is called before those that were added so far.
    @discardableResult
    public func prependAnyOutgoing(
        _ listener: @escaping @Sendable (String, SocketArguments) throws -> Void
    ) -> SocketListener {
        addHook { $0.anyOutgoing.prepend($1, listener) }
    }

    /// Removes all listeners for every event to the client; ``off(_:)-(SocketListener)`` removes one.
    public func offAnyOutgoing() {
        connection.loop.run { self.listeners.hooks?.anyOutgoing.removeAll() }
    }

    /// Adds a listener for what goes wrong with an event: what a middleware of `use` or a handler threw, and
    /// arguments that don't fit their handler.
    @discardableResult
    public func onError(_ listener: @escaping @Sendable (any Error) -> Void) -> SocketListener {
        addHook { $0.error.append($1, listener) }
    }

    /// Adds a listener from anywhere, unless the socket has ended: what comes later would keep it alive for nothing.
    func addHook(_ add: @escaping @Sendable (SocketHooks, SocketListener) -> Void) -> SocketListener {
        let id = makeListener()
        connection.loop.run { [self] in
            if case .disconnected = phase { return }
            add(listeners.makeHooks(), id)
        }
        return id
    }
}

// MARK: - Middlewares for events

extension Socket {
    /// Adds a middleware that every event from the client passes before its handlers; throwing drops the event.
    ///
    /// Middlewares run one after the other, in the order in which they were added. What they throw is logged at debug
    /// level and given to ``onError(_:)``; a client that waits for an acknowledgement gets none, unless it was an
    /// ``AcknowledgeableError``.
    @discardableResult
    public func use(_ middleware: @escaping @Sendable (String, SocketArguments) throws -> Void) -> Self {
        _ = addHook { hooks, _ in hooks.middlewares.append(.synchronous(middleware)) }
        return self
    }

    /// Adds an asynchronous middleware.
    ///
    /// Events that arrive before it has returned are held and then delivered in order, as many as
    /// ``SocketIOServer/Configuration/maxHeldEvents`` and ``SocketIOServer/Configuration/maxHeldBytes`` allow.
    @discardableResult
    public func use(
        _ middleware: @escaping @Sendable (String, SocketArguments) async throws -> Void
    ) -> Self {
        _ = addHook { hooks, _ in hooks.middlewares.append(.asynchronous(middleware)) }
        return self
    }

    /// An event for the handlers, by way of those who see every event.
    func deliver(_ event: HeldEvents.Event, through hooks: SocketHooks) {
        if !hooks.any.isEmpty {
            let name = event.arguments.eventName
            for handler in hooks.any.handlers {
                do { try handler(name, event.arguments) } catch { handlerFailed(of: name, error) }
            }
        }
        if !hooks.isWaiting {
            runMiddlewares(hooks.middlewares[...], event, hooks)
        } else if !hooks.held.hold(event, in: client.makeWork()) {
            client.closeForTooManyHeldEvents()
        }
    }

    /// Runs the middlewares one after the other, synchronous ones without leaving the loop, and then the handlers.
    private func runMiddlewares(
        _ middlewares: ArraySlice<EventMiddleware>,
        _ event: HeldEvents.Event,
        _ hooks: SocketHooks
    ) {
        var rest = middlewares
        let name = rest.isEmpty ? "" : event.arguments.eventName
        while let middleware = rest.popFirst() {
            switch middleware {
            case .synchronous(let body):
                do { try body(name, event.arguments) } catch { return drop(event, error) }
            case .asynchronous(let body):
                let remaining = rest
                hooks.isWaiting = true
                client.run(byteCount: event.arguments.byteCount) {
                    do {
                        try await body(name, event.arguments)
                        self.connection.loop.run { self.resume(remaining, event, nil) }
                    } catch {
                        self.connection.loop.run { self.resume(remaining, event, error) }
                    }
                }
                return
            }
        }
        // A middleware may have disconnected the socket.
        if case .connected = phase { dispatch(event.arguments, id: event.id) }
    }

    /// An asynchronous middleware has ended: goes on with its event, and then with those that were held behind it.
    private func resume(
        _ middlewares: ArraySlice<EventMiddleware>,
        _ event: HeldEvents.Event,
        _ error: (any Error)?
    ) {
        guard let hooks = listeners.hooks else { return }
        hooks.isWaiting = false
        if let error {
            drop(event, error)
        } else {
            runMiddlewares(middlewares, event, hooks)
        }
        if !hooks.isWaiting { resumeHeldEvents() }
    }

    /// Goes on with the events that are held, until one has to wait, or until too many handlers are in flight.
    func resumeHeldEvents() {
        guard let hooks = listeners.hooks, !hooks.held.isEmpty else {
            listeners.hooks?.isWaiting = false
            return
        }
        let work = client.makeWork()
        repeat {
            guard work.hasRoom else {
                hooks.isWaiting = true
                return client.wait(.middlewares(self))
            }
            guard let next = hooks.held.takeFirst(from: work) else {
                hooks.isWaiting = false
                return
            }
            hooks.isWaiting = false
            runMiddlewares(hooks.middlewares[...], next, hooks)
        } while !hooks.isWaiting
    }

    private func drop(_ event: HeldEvents.Event, _ error: any Error) {
        if let error = error as? any AcknowledgeableError, let id = event.id {
            Acknowledge(socket: self, id: id)(error)
        }
        if let logger = namespace.logger {
            var metadata = logMetadata(error: error)
            metadata["event"] = "\(event.arguments.eventName)"
            logger.debug("a middleware dropped an event", metadata: metadata)
        }
        report(error)
    }
}
