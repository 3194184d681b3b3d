import EngineIO

/// What an application keeps with a socket or with a client's connection: one value of each type, as in
/// `socket.data[User.self] = user`.
public struct SocketData: Sendable {
    private var values: [ObjectIdentifier: any Sendable] = [:]
    /// What came from another node, by the name of the type, until somebody asks for the type.
    private var encoded: [String: JSONValue] = [:]

    /// Nothing yet.
    public init() {}

    /// Whether there is nothing.
    public var isEmpty: Bool { values.isEmpty && encoded.isEmpty }

    /// The value of a type; `nil` when there is none.
    public subscript<Value: Sendable>(_ type: Value.Type) -> Value? {
        get { values[ObjectIdentifier(type)] as? Value ?? decoded(type) }
        set {
            values[ObjectIdentifier(type)] = newValue
            if !encoded.isEmpty { encoded[String(reflecting: type)] = nil }
        }
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

extension SocketData {
    /// What another node wrote.
    init(serialized: RawArgument?) {
        guard case .object(let members)? = serialized.flatMap(JSONValue.init) else { return }
        encoded = members.dictionary
    }

    /// The values that can be encoded, by the names of their types; `nil` when there are none.
    var serialized: RawArgument? {
        var members = encoded
        for value in values.values {
            guard let value = value as? any Encodable, let argument = try? Self.encode(value) else { continue }
            members[String(reflecting: type(of: value))] = JSONValue(argument)
        }
        guard !members.isEmpty else { return nil }
        return try? Self.encode(JSONValue.object(JSONObject(members)))
    }

    private static func encode(_ value: some Encodable) throws -> RawArgument? {
        try SocketArguments(encoding: value)[0]
    }

    private func decoded<Value>(_ type: Value.Type) -> Value? {
        guard !encoded.isEmpty, let type = type as? any Decodable.Type,
            let value = encoded[String(reflecting: type)], let argument = try? Self.encode(value)
        else { return nil }
        return try? argument.decode(type) as? Value
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

extension Socket {
    /// What the application keeps with the client's connection, which the sockets of the client share; for use on the
    /// socket's loop, as in handlers.
    ///
    /// It lives as long as the connection: a client that leaves a namespace and joins it again has a new socket and new
    /// ``data``, but finds this as it was. So what must not begin anew by that, such as how often a client may do
    /// something, belongs here:
    ///
    ///     guard socket.connectionData[MessageBudget.self, default: .full].take() else { return }
    ///
    /// A client that connects anew begins with nothing, recovered or not. Elsewhere use ``withConnectionData(_:)``.
    public var connectionData: SocketData {
        get {
            precondition(
                connection.loop.isCurrent,
                "connectionData is for the socket's loop; use withConnectionData(_:) elsewhere"
            )
            return client.storedData
        }
        set {
            precondition(
                connection.loop.isCurrent,
                "connectionData is for the socket's loop; use withConnectionData(_:) elsewhere"
            )
            client.storedData = newValue
        }
    }

    /// Reads and changes what the application keeps with the client's connection, on the socket's loop.
    public nonisolated(nonsending) func withConnectionData<Result: Sendable>(
        _ body: @escaping @Sendable (inout SocketData) -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            connection.loop.run { continuation.resume(returning: body(&self.client.storedData)) }
        }
    }
}
