/// The parameters of an Engine.IO request, read from its target and method.
public struct EngineRequest: Sendable, Equatable {
    /// What the request asks for.
    public enum Purpose: Sendable, Equatable {
        /// Open a session.
        case handshake(EngineTransport, EngineProtocolVersion, base64: Bool)
        /// Fetch packets of a session, or wait for them.
        case poll(sid: String)
        /// Deliver packets to a session.
        case post(sid: String)
        /// Move a session to WebSocket.
        case upgrade(sid: String)
        /// Use a method that no session understands.
        case badMethod(sid: String)
    }

    /// Checks a request in the order of the official server's `verify` and `handshake`.
    ///
    /// Whether the session exists, and whether it may do what is asked, is not decided here.
    /// - Parameters:
    ///   - method: The HTTP method.
    ///   - query: The decoded query.
    ///   - origin: The header field `Origin`.
    ///   - isWebSocket: Whether the request asks for an upgrade to WebSocket.
    ///   - configuration: What the server allows.
    /// - Returns: What the request asks for.
    /// - Throws: The refusal to answer with.
    public static func check(
        method: String,
        query: [HandshakeRequest.QueryItem],
        origin: String? = nil,
        isWebSocket: Bool,
        configuration: EngineConfiguration
    ) throws(EngineRefusal) -> Purpose {
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        guard let transport = value("transport").flatMap(EngineTransport.init(rawValue:)),
            configuration.transports.contains(transport)
        else { throw .transportUnknown(value("transport")) }
        if let origin, !HandshakeRequest.HeaderField.isFieldValue(origin) { throw .invalidOrigin(origin) }
        if let sid = value("sid") {
            guard isWebSocket == (transport == .webSocket) else { throw .webSocketHandshake }
            if isWebSocket { return .upgrade(sid: sid) }
            switch method {
            case "GET": return .poll(sid: sid)
            case "POST": return .post(sid: sid)
            default: return .badMethod(sid: sid)
            }
        }
        guard method == "GET" else { throw .badHandshakeMethod(method) }
        guard isWebSocket == (transport == .webSocket) else { throw .webSocketHandshake }
        switch value("EIO") {
        case "4": return .handshake(transport, .v4, base64: true)
        case "3" where configuration.allowEIO3, nil where configuration.allowEIO3:
            return .handshake(transport, .v3, base64: value("b64").map { !$0.isEmpty && $0 != "0" } ?? false)
        default: throw .unsupportedProtocolVersion(value("EIO"))
        }
    }
}

/// The path and query of a request target.
public struct RequestTarget: Sendable, Equatable {
    /// The path, as sent.
    public var path: Substring
    /// The query's items, decoded; `+` stands for a space, and an escape that is broken stands for itself.
    public var query: [HandshakeRequest.QueryItem]

    /// Splits a target in origin form (RFC 9112, section 3.2.1).
    public init(_ target: String) {
        // Bytes throughout: finding characters costs several times as much, and every request comes this way.
        let bytes = target.utf8
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else {
            path = target[...]
            query = []
            return
        }
        path = target[..<mark]
        query = bytes[bytes.index(after: mark)...].split(separator: UInt8(ascii: "&")).map { item in
            guard let mark = item.firstIndex(of: UInt8(ascii: "=")) else {
                return .init(name: Self.decode(item), value: "")
            }
            return .init(name: Self.decode(item[..<mark]), value: Self.decode(item[item.index(after: mark)...]))
        }
    }

    /// Decodes an item of a query or of a form.
    static func decode(_ text: Substring.UTF8View) -> String {
        guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(Substring(text))
        }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                if digits.count == 2, let value = UInt8(Substring(digits), radix: 16) {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default:
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
