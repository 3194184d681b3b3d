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
        // Bytes throughout, side by side: every request comes this way, and indices of strings cost several times as much.
        var target = target
        guard let mark = target.withUTF8({ $0.firstIndex(of: UInt8(ascii: "?")) }) else {
            path = target[...]
            query = []
            return
        }
        path = target[..<target.utf8.index(target.startIndex, offsetBy: mark)]
        query = target.withUTF8 { Self.items($0[(mark + 1)...]) }
    }

    /// Whether the path begins with another, byte by byte.
    package func pathBegins(with prefix: String) -> Bool {
        path.utf8.starts(with: prefix.utf8)
    }

    private static func items(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> [HandshakeRequest.QueryItem] {
        var items: [HandshakeRequest.QueryItem] = []
        // Sessions keep the query of their handshake.
        items.reserveCapacity(1 + text.count { $0 == UInt8(ascii: "&") })
        var rest = text
        while let item = rest.split(off: UInt8(ascii: "&")) {
            guard !item.isEmpty else { continue }
            if let mark = item.firstIndex(of: UInt8(ascii: "=")) {
                items.append(.init(name: decode(item[..<mark]), value: decode(item[(mark + 1)...])))
            } else {
                items.append(.init(name: decode(item), value: ""))
            }
        }
        return items
    }

    /// Decodes an item of a query or of a form.
    static func decode<Text: Collection<UInt8>>(_ text: Text) -> String where Text.SubSequence == Text {
        guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(decoding: text, as: UTF8.self)
        }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                var digits = rest
                if let high = digits.popFirst().flatMap(hexDigit), let low = digits.popFirst().flatMap(hexDigit) {
                    bytes.append(high << 4 | low)
                    rest = digits
                } else {
                    bytes.append(byte)
                }
            default:
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// Takes what stands before the next separator, or the rest; `nil` at the end.
    fileprivate mutating func split(off separator: UInt8) -> Self? {
        guard !isEmpty else { return nil }
        let end = firstIndex(of: separator) ?? endIndex
        defer { self = self[Swift.min(end + 1, endIndex)...] }
        return self[..<end]
    }
}
