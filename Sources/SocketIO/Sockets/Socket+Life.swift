public import EngineIO
import Logging

import struct Synchronization.Atomic

// MARK: - Life

extension Socket {
    /// What a socket needs only before it is fully connected.
    final class Early {
        var rooms: [String] = []
        var held = HeldEvents()
        var runningHandlers = 1
    }

    func makeEarly() -> Early {
        if let early { return early }
        let early = Early()
        self.early = early
        return early
    }

    /// The client has passed the middlewares and was told so.
    func connected() {
        phase = .starting
        isConnectedFlag.store(true, ordering: .relaxed)
        roomIndex.insert(self)
        for room in early?.rooms ?? [] { roomIndex.join(room, self) }
        let handlers = namespace.connectionHandlers.connection
        let early = makeEarly()
        for handler in handlers {
            switch handler {
            case .synchronous(let body):
                do { try body(self) } catch { connectionHandlerFailed(error) }
            case .asynchronous(let body):
                early.runningHandlers += 1
                client.run { [self] in
                    do { try await body(self) } catch { connectionHandlerFailed(error) }
                    connection.loop.run { self.connectionHandlerEnded() }
                }
            }
        }
        connectionHandlerEnded()
    }

    private func connectionHandlerFailed(_ error: any Error) {
        // It was cancelled with its connection.
        if error is CancellationError, !isConnected { return }
        namespace.logger?.error("a connection handler failed", metadata: logMetadata(error: error))
    }

    /// The last of the connection handlers to end lets the held events through.
    private func connectionHandlerEnded() {
        guard case .starting = phase, let early else { return }
        early.runningHandlers -= 1
        guard early.runningHandlers == 0 else { return }
        phase = .connected
        self.early = nil
        guard !early.held.isEmpty else { return }
        let work = client.makeWork()
        while let event = early.held.takeFirst(from: work) {
            client.deliver(event.arguments, id: event.id, to: self)
        }
    }

    /// The socket has come to its end: it leaves its rooms, and whoever waits for it is told.
    /// - Parameters:
    ///   - reason: Why.
    ///   - description: What exactly, where the reason leaves that open.
    func disconnected(_ reason: DisconnectReason, description: String? = nil) {
        let wasConnected: Bool
        switch phase {
        case .disconnecting, .disconnected: return
        case .connecting: wasConnected = false
        case .starting, .connected: wasConnected = true
        }
        phase = .disconnecting
        listeners.hooks?.cancelTimers()
        if wasConnected {
            counters.statistics.disconnects[reason, default: 0] += 1
            for handler in listeners.hooks?.disconnecting.handlers ?? [] { handler(reason, description) }
        }
        phase = .disconnected(reason)
        if let recovery {
            namespace.recovery?.ended(self, recovery, isRecoverable: wasConnected && reason.isRecoverable)
        }
        isConnectedFlag.store(false, ordering: .relaxed)
        early?.held.removeAll(from: client.work)
        early = nil
        listeners.hooks?.held.removeAll(from: client.work)
        roomIndex.remove(self)
        if namespace.isDynamic { client.server.namespaces.leave(namespace) }
        pendingAcknowledgements.failAll(.disconnected)
        client.endWaiting(of: self)
        // Handlers usually hold the socket, so they must go for it to be freed.
        let listeners = self.listeners
        self.listeners = Listeners()
        if wasConnected {
            for handler in listeners.disconnect.handlers { handler(reason, description) }
        }
    }

    /// A middleware refused the client.
    func refused() {
        disconnected(.serverNamespaceDisconnect)
    }

    /// The connection moved to another transport.
    func transportChanged(to transport: EngineTransport) {
        for handler in listeners.hooks?.upgrade.handlers ?? [] { handler(transport) }
    }
}

// MARK: - Listening for the end

extension Socket {
    /// Adds a handler for the end of the socket, which has then left its rooms.
    ///
    /// It runs at once when the socket is disconnected already.
    @discardableResult
    public func onDisconnect(_ handler: @escaping @Sendable (DisconnectReason) -> Void) -> SocketListener {
        onDisconnect { reason, _ in handler(reason) }
    }

    /// Adds a handler for the end of the socket that also gets a description of what exactly ended it.
    ///
    /// Reasons that leave that open have one: which packet broke the protocol, which limit was passed.
    @discardableResult
    public func onDisconnect(_ handler: @escaping @Sendable (DisconnectReason, String?) -> Void) -> SocketListener {
        let id = makeListener()
        connection.loop.run { [self] in
            if case .disconnected(let reason) = phase {
                handler(reason, nil)
            } else {
                listeners.disconnect.append(id, handler)
            }
        }
        return id
    }

    /// Adds an asynchronous handler for the end of the socket.
    ///
    /// Unlike the other handlers it is not cancelled when the connection is gone, but only when the server closes. While
    /// it shuts down the handler has the rest of the grace period.
    @discardableResult
    public func onDisconnect(
        _ handler: @escaping @Sendable (DisconnectReason) async -> Void
    ) -> SocketListener {
        onDisconnect { [client] reason, _ in
            client.run(isForTheEnd: true) { await handler(reason) }
        }
    }

    /// Adds a handler for the end of the socket that runs while it is still in its rooms.
    ///
    /// Nothing can be sent to the client any more, but to the rooms that it is about to leave.
    @discardableResult
    public func onDisconnecting(
        _ handler: @escaping @Sendable (DisconnectReason, String?) -> Void
    ) -> SocketListener {
        addHook { $0.disconnecting.append($1, handler) }
    }

    /// Adds a handler for the end of the socket that runs while it is still in its rooms.
    @discardableResult
    public func onDisconnecting(_ handler: @escaping @Sendable (DisconnectReason) -> Void) -> SocketListener {
        onDisconnecting { reason, _ in handler(reason) }
    }

    /// Adds a handler for the change of the connection to another transport: from long-polling to WebSocket.
    @discardableResult
    public func onUpgrade(_ handler: @escaping @Sendable (EngineTransport) -> Void) -> SocketListener {
        addHook { $0.upgrade.append($1, handler) }
    }
}
