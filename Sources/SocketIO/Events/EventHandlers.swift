/// Makes handlers of arguments out of functions with typed parameters.
///
/// Those without a result leave the acknowledgement to others: a handler that only looks on must not answer for them.
enum EventHandlers {
    static func make<each Argument: Decodable & Sendable>(
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> EventHandler {
        { _, arguments, _ in
            var reader = ArgumentReader(arguments)
            try handler(repeat try reader.next((each Argument).self))
        }
    }

    static func make<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        answering handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) -> EventHandler {
        { _, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let answer = try handler(repeat try reader.next((each Argument).self))
            acknowledge?(answer)
        }
    }

    static func make<each Argument: Decodable & Sendable>(
        of event: String,
        asynchronous handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> EventHandler {
        { socket, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let values = (repeat try reader.next((each Argument).self))
            socket.runHandler(of: event, byteCount: arguments.byteCount, acknowledge) {
                try await handler(repeat each values)
            }
        }
    }

    static func make<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        of event: String,
        asynchronousAnswering handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) -> EventHandler {
        { socket, arguments, acknowledge in
            var reader = ArgumentReader(arguments)
            let values = (repeat try reader.next((each Argument).self))
            socket.runHandler(of: event, byteCount: arguments.byteCount, acknowledge) {
                let answer = try await handler(repeat each values)
                acknowledge?(answer)
            }
        }
    }

    static func make(
        raw handler: @escaping @Sendable (SocketArguments, Acknowledge?) throws -> Void
    ) -> EventHandler {
        { _, arguments, acknowledge in try handler(arguments, acknowledge) }
    }
}

/// Decodes arguments one after the other.
struct ArgumentReader {
    let arguments: SocketArguments
    private var index = 0

    init(_ arguments: SocketArguments) {
        self.arguments = arguments
    }

    mutating func next<Value: Decodable>(_ type: Value.Type) throws -> Value {
        defer { index += 1 }
        return try arguments.decode(type, at: index)
    }
}
