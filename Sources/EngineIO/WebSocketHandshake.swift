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
        request.header("Upgrade").map { equalsIgnoringASCIICase($0, "websocket") } ?? false
    }

    /// Checks a request by section 4.2.1.
    /// - Returns: The key whose hash the answer carries.
    package static func key(method: String, _ request: HandshakeRequest) throws(Failure) -> String {
        guard method == "GET" else { throw .method }
        guard isRequested(request),
            let key = request.header("Sec-WebSocket-Key"),
            // 16 bytes in base64 are 22 characters and two of padding.
            key.utf8.count == 24, key.utf8.dropLast(2).allSatisfy(isBase64), key.hasSuffix("==")
        else { throw .malformed }
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

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
