package import NIOCore

/// The server's side of the opening handshake (RFC 6455, section 4.2).
package enum WebSocketHandshake {
    /// What section 4.2.2 appends to the key before it is hashed.
    package static let keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    package enum Failure: Error {
        /// Answer with 405.
        case method
        /// Answer with 400.
        case malformed
        /// Answer with 400 and the versions that are spoken.
        case version
    }

    /// Whether a request asks for an upgrade to WebSocket.
    package static func isRequested(_ request: HandshakeRequest) -> Bool {
        isRequested(upgrade: request.headers(named: "Upgrade"), connection: request.headers(named: "Connection"))
    }

    /// The same, by the values of the two fields, which are lists of tokens (section 4.2.1, items 3 and 4).
    package static func isRequested(upgrade: [String], connection: [String]) -> Bool {
        upgrade.contains { has("websocket", in: $0) } && connection.contains { has("upgrade", in: $0) }
    }

    /// Whether a list of tokens has one, in whatever case.
    static func has(_ token: String, in list: String) -> Bool {
        if equalsIgnoringASCIICase(list, token) { return true }
        return list.utf8.split(separator: UInt8(ascii: ",")).contains { element in
            let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
            let bytes = element.drop(while: isSpace)
            let end = bytes.lastIndex { !isSpace($0) }.map { bytes.index(after: $0) } ?? bytes.startIndex
            return equalsIgnoringASCIICase(String(Substring(bytes[..<end])), token)
        }
    }

    /// The subprotocol to name in the response: the first that the client offers, as the official server does, since a
    /// client that offers any gives up when none is chosen.
    ///
    /// A field without a value offers none; some clients send it.
    /// - Returns: `nil` where none is offered.
    /// - Throws: `malformed` where the offer is no list of tokens (section 4.1, item 10).
    package static func subprotocol(_ request: HandshakeRequest) throws(Failure) -> String? {
        var first: String?
        for value in request.headers(named: "Sec-WebSocket-Protocol") {
            var scanner = FieldScanner(value)
            while !scanner.isAtEnd {
                if scanner.take(",") { continue }
                guard let token = scanner.token(), scanner.isAtEnd || scanner.take(",") else { throw .malformed }
                first = first ?? token
            }
        }
        return first
    }

    /// Checks a request by section 4.2.1.
    /// - Returns: The key whose hash the answer carries.
    package static func key(method: String, _ request: HandshakeRequest) throws(Failure) -> String {
        guard method == "GET" else { throw .method }
        guard isRequested(request), let key = request.header("Sec-WebSocket-Key"), isKey(key) else {
            throw .malformed
        }
        guard let version = request.header("Sec-WebSocket-Version"), version == "13" || version == "8" else {
            throw .version
        }
        return key
    }

    /// The response that ends the handshake (section 4.2.2).
    package static func response(accept: String, headers: [(name: String, value: String)]) -> ByteBuffer {
        var response = ByteBuffer()
        response.writeString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        response.writeString("Sec-WebSocket-Accept: \(accept)\r\n")
        for (name, value) in headers { response.writeString("\(name): \(value)\r\n") }
        response.writeString("\r\n")
        return response
    }

    /// 16 bytes in base64 are 22 characters and two of padding.
    private static func isKey(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.count == 24 && bytes[..<22].allSatisfy(isBase64)
                && bytes[22...].allSatisfy { $0 == UInt8(ascii: "=") }
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
