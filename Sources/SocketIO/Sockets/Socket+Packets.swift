import EngineIO
import Logging

// MARK: - What the client sends

extension Socket {
    /// An event from the client.
    func receive(_ arguments: SocketArguments, id: UInt64?) {
        switch phase {
        case .connected: deliver(arguments, id: id)
        case .starting:
            let event = HeldEvents.Event(arguments: arguments, id: id)
            if !makeEarly().held.hold(event, in: client.makeWork()) { client.closeForTooManyHeldEvents() }
        case .connecting, .disconnecting, .disconnected: break
        }
    }

    /// An event for the handlers, by way of those who see every event.
    func deliver(_ arguments: SocketArguments, id: UInt64?) {
        counters.statistics.eventsReceived += 1
        if let hooks = listeners.hooks {
            deliver(.init(arguments: arguments, id: id), through: hooks)
        } else {
            dispatch(arguments, id: id)
        }
    }

    /// Calls the handlers of an event.
    func dispatch(_ arguments: SocketArguments, id: UInt64?) {
        var acknowledge: Acknowledge?
        let events = listeners.events
        for index in events.indices where events[index].name.matches(arguments) {
            if let id, acknowledge == nil { acknowledge = client.shard.acknowledges.make(socket: self, id: id) }
            let start = !events[index].isAsynchronous && counters.samplesHandler() ? connection.loop.now : nil
            if events[index].isOnce { listeners.events.removeAll { $0.id == events[index].id } }
            do {
                try events[index].handler(self, arguments, acknowledge)
            } catch {
                handlerFailed(of: events[index].name.string, error, acknowledge)
            }
            if let start { client.shard.recordHandler(of: events[index].name.string, since: start) }
        }
        if let acknowledge = acknowledge.take() { client.shard.acknowledges.release(acknowledge) }
    }

    /// Runs an asynchronous handler of an event whose arguments have so many bytes.
    func runHandler(
        of event: String,
        byteCount: Int,
        _ acknowledge: Acknowledge?,
        _ operation: @escaping @Sendable () async throws -> Void
    ) {
        let start = counters.samplesHandler() ? connection.loop.now : nil
        client.run(byteCount: byteCount) {
            do {
                try await operation()
            } catch {
                self.connection.loop.run { self.handlerFailed(of: event, error, acknowledge) }
            }
            if let start { self.connection.loop.run { self.client.shard.recordHandler(of: event, since: start) } }
        }
    }

    /// Logs a failure, or answers with it; what is the client's doing is no more than a debug message.
    func handlerFailed(of event: String, _ error: any Error, _ acknowledge: Acknowledge? = nil) {
        // It was cancelled with its connection.
        if error is CancellationError, !isConnected { return }
        if let error = error as? any AcknowledgeableError { acknowledge?(error) }
        if let logger = namespace.logger {
            var metadata = logMetadata(error: error)
            metadata["event"] = "\(event)"
            switch error {
            case is ArgumentError: logger.debug("an event was dropped: its arguments don't fit", metadata: metadata)
            case is any AcknowledgeableError: logger.debug("an event was refused", metadata: metadata)
            default: logger.error("an event handler failed", metadata: metadata)
            }
        }
        report(error)
    }

    /// Gives an error to those who listen for errors.
    func report(_ error: any Error) {
        for handler in listeners.hooks?.error.handlers ?? [] { handler(error) }
    }
}

// MARK: - What the client is sent

extension Socket {
    /// Whether connection handlers are running; on the loop.
    var isStarting: Bool { if case .starting = phase { true } else { false } }

    /// Whether something can be sent to the client; on the loop.
    var isTransmitting: Bool {
        switch phase {
        case .starting, .connected: true
        case .connecting, .disconnecting, .disconnected: false
        }
    }

    /// Sends an event, unless it is volatile and would have to wait; on the loop.
    /// - Returns: Whether it was sent.
    @discardableResult
    func transmit(_ packet: OutgoingPacket, isVolatile: Bool = false) -> Bool {
        guard isTransmitting else { return false }
        if isVolatile, !connection.isWritable {
            counters.statistics.volatileEventsDropped += 1
            return false
        }
        if let hooks = listeners.hooks, !hooks.anyOutgoing.isEmpty { announce(packet, to: hooks) }
        counters.statistics.eventsSent += 1
        counters.statistics.bytesSent += packet.byteCount
        packet.send(on: connection)
        return true
    }

    /// Sends an acknowledgement; on the loop.
    func transmit(acknowledgement packet: OutgoingPacket) {
        guard isTransmitting else { return }
        counters.statistics.bytesSent += packet.byteCount
        packet.send(on: connection)
    }

    /// Sends an event from anywhere.
    func send(_ packet: OutgoingPacket, isVolatile: Bool = false) {
        if let offset = packet.offset, let recovery = namespace.recovery {
            return recovery.send(packet, offset: offset, to: self)
        }
        if isVolatile, let recovery = namespace.recovery { return recovery.send(volatile: packet, to: self) }
        if connection.loop.isCurrent {
            transmit(packet, isVolatile: isVolatile)
        } else {
            connection.loop.execute { self.transmit(packet, isVolatile: isVolatile) }
        }
    }

    private func announce(_ packet: OutgoingPacket, to hooks: SocketHooks) {
        guard let (event, arguments) = packet.decoded(from: namespace.format) else { return }
        for handler in hooks.anyOutgoing.handlers {
            do { try handler(event, arguments) } catch { handlerFailed(of: event, error) }
        }
    }
}
