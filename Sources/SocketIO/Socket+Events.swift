import EngineIO
import Logging

// MARK: - Receiving events

extension Socket {
    /// Adds a handler for an event.
    ///
    /// Its parameters say what the arguments must be: surplus arguments are ignored, missing ones are `nil` for
    /// optional parameters. An event whose arguments don't fit is logged and dropped. The handler runs on the
    /// socket's loop, so it must not block. When it returns, a client that waits for an acknowledgement gets one
    /// without arguments. An error that it throws is logged, and the client gets no acknowledgement.
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) {
        addListener(event) { _, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            try handler(repeat try reader.next((each Argument).self))
            acknowledge?()
        }
    }

    /// Adds a handler whose result is the acknowledgement.
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) {
        addListener(event) { _, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let answer = try handler(repeat try reader.next((each Argument).self))
            acknowledge?(answer)
        }
    }

    /// Adds an asynchronous handler.
    ///
    /// Handlers begin in the order in which events arrive; what they do after their first suspension may overlap.
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) {
        addListener(event) { socket, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let values = (repeat try reader.next((each Argument).self))
            socket.runHandler(of: event) {
                try await handler(repeat each values)
                acknowledge?()
            }
        }
    }

    /// Adds an asynchronous handler whose result is the acknowledgement.
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) {
        addListener(event) { socket, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let values = (repeat try reader.next((each Argument).self))
            socket.runHandler(of: event) {
                let answer = try await handler(repeat each values)
                acknowledge?(answer)
            }
        }
    }

    /// Adds a handler that gets the arguments undecoded, and answers by itself when the client waits for it.
    public func on(
        _ event: String,
        raw handler: @escaping @Sendable (SocketArguments, Acknowledge?) throws -> Void
    ) {
        addListener(event) { _, arguments, acknowledge in try handler(arguments, acknowledge) }
    }

    /// Adds a handler that is called for every event, before those for the event's name.
    public func onAny(_ handler: @escaping @Sendable (String, SocketArguments) throws -> Void) {
        connection.loop.run { self.listeners.any.append(handler) }
    }

    /// Removes the handlers of an event.
    public func off(_ event: String) {
        connection.loop.run { self.listeners.events.removeAll { $0.name.string == event } }
    }

    private func addListener(_ event: String, _ handler: @escaping Listeners.EventHandler) {
        connection.loop.run { self.listeners.events.append((EventName(event), handler)) }
    }

    /// Calls the handlers of an event.
    func deliver(_ arguments: SocketArguments, id: UInt64?) {
        if !listeners.any.isEmpty {
            let name = arguments.eventName
            for handler in listeners.any {
                do { try handler(name, arguments) } catch { handlerFailed(of: name, error) }
            }
        }
        var acknowledge: Acknowledge?
        let key = EventName.Key(arguments)
        for (name, handler) in listeners.events where name.matches(key, of: arguments) {
            if let id, acknowledge == nil { acknowledge = client.shard.acknowledges.make(socket: self, id: id) }
            do { try handler(self, arguments, acknowledge) } catch { handlerFailed(of: name.string, error) }
        }
        if let acknowledge = acknowledge.take() { client.shard.acknowledges.release(acknowledge) }
    }

    private func runHandler(
        of event: String,
        _ operation: @escaping @Sendable () async throws -> Void
    ) {
        client.shard.run {
            do { try await operation() } catch { self.handlerFailed(of: event, error) }
        }
    }

    /// Logs a failure; an argument that doesn't fit is the client's doing and so no more than a debug message.
    private func handlerFailed(of event: String, _ error: any Error) {
        guard let logger = namespace.logger else { return }
        var metadata = logMetadata(error: error)
        metadata["event"] = "\(event)"
        if error is ArgumentError {
            logger.debug("an event was dropped: its arguments don't fit", metadata: metadata)
        } else {
            logger.error("an event handler failed", metadata: metadata)
        }
    }
}

/// Decodes arguments one after the other.
struct ArgumentReader {
    private let arguments: SocketArguments
    private var index = 0

    init(_ arguments: SocketArguments) {
        self.arguments = arguments
    }

    mutating func next<Value: Decodable>(_ type: Value.Type) throws -> Value {
        defer { index += 1 }
        return try arguments.decode(type, at: index)
    }
}
