import EngineIO

/// What an application keeps with a socket: one value of each type, as in `socket.data[User.self] = user`.
public struct SocketData: Sendable {
    private var values: [ObjectIdentifier: any Sendable] = [:]

    /// Nothing yet.
    public init() {}

    /// Whether there is nothing.
    public var isEmpty: Bool { values.isEmpty }

    /// The value of a type; `nil` when there is none.
    public subscript<Value: Sendable>(_ type: Value.Type) -> Value? {
        get { values[ObjectIdentifier(type)] as? Value }
        set { values[ObjectIdentifier(type)] = newValue }
    }

    /// The value of a type, or else a default one.
    public subscript<Value: Sendable>(
        _ type: Value.Type,
        default makeValue: @autoclosure () -> Value
    ) -> Value {
        get { self[type] ?? makeValue() }
        set { self[type] = newValue }
    }
}

extension Socket {
    /// What the application keeps with the socket, from the middlewares on; for use on its loop, as in handlers.
    ///
    /// Elsewhere use ``withData(_:)``.
    public var data: SocketData {
        get {
            precondition(connection.loop.isCurrent, "data is for the socket's loop; use withData(_:) elsewhere")
            return storedData
        }
        set {
            precondition(connection.loop.isCurrent, "data is for the socket's loop; use withData(_:) elsewhere")
            storedData = newValue
        }
    }

    /// Reads and changes what the application keeps with the socket, on the socket's loop.
    public nonisolated(nonsending) func withData<Result: Sendable>(
        _ body: @escaping @Sendable (inout SocketData) -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            connection.loop.run { continuation.resume(returning: body(&self.storedData)) }
        }
    }
}
