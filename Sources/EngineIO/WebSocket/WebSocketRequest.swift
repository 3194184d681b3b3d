package import NIOCore

/// The head of a request for a WebSocket that is plain enough to be read without an implementation of HTTP.
///
/// A strict subset of RFC 9112. Whatever is not of it (anything but `GET`, a body, repeated fields that matter, bytes
/// beyond ASCII, a head that is not complete or not all there is) is left to a full implementation, which may find that
/// it is a good request.
package struct WebSocketRequest {
    /// The request target, in origin form.
    package var target: String
    /// The header fields in the order sent.
    package var headers: [HandshakeRequest.HeaderField]

    /// Those of which there may be one at most.
    private static let singular = [
        "Upgrade", "Connection", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
    ]

    /// Those that announce more than a head.
    private static let refused = ["Content-Length", "Transfer-Encoding", "Expect"]

    package enum OnBytes {
        case request(WebSocketRequest)
        /// The begin of what may be of the subset.
        case incomplete
        /// Leave it to HTTP.
        case other
    }

    /// Reads all that came.
    package static func read(_ bytes: ByteBuffer) -> OnBytes {
        bytes.withUnsafeReadableBytes { bytes in
            var scanner = Scanner(bytes: bytes)
            guard let request = scanner.readHead() else { return scanner.ranOut ? .incomplete : .other }
            return request.isPlain ? .request(request) : .other
        }
    }

    private var isPlain: Bool {
        has("Upgrade", "websocket") && has("Connection", "upgrade")
            && headers.count(of: "Host") == 1
            && Self.singular.allSatisfy { name in headers.count(of: name) <= 1 }
            && Self.refused.allSatisfy { name in headers.count(of: name) == 0 }
    }

    private init(target: String, headers: [HandshakeRequest.HeaderField]) {
        self.target = target
        self.headers = headers
    }

    /// Whether a field's list of tokens has the token.
    private func has(_ name: String, _ token: String) -> Bool {
        headers.indices.first { equalsIgnoringASCIICase(headers[$0].name, name) }
            .map { WebSocketHandshake.has(token, in: headers[$0].value) } ?? false
    }

    /// Reads the bytes from the front.
    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        var position = 0
        /// Whether nothing is wrong but that the bytes end.
        var ranOut = false

        mutating func readHead() -> WebSocketRequest? {
            guard take("GET /") else { return nil }
            position -= 1
            let target = text(while: { $0 > 0x20 && $0 < 0x7f })
            guard take(" HTTP/1.1\r\n") else { return nil }
            var headers: [HandshakeRequest.HeaderField] = []
            headers.reserveCapacity(8)
            while !take("\r\n") {
                let name = text(while: FieldScanner.isTokenCharacter)
                guard !name.isEmpty, take(":") else { return nil }
                while take(" ") {}
                let value = trimmedText(while: { $0 >= 0x20 && $0 < 0x7f })
                guard take("\r\n") else { return nil }
                headers.append(.init(name: name, value: value))
            }
            guard position == bytes.count else { return nil }
            return WebSocketRequest(target: target, headers: headers)
        }

        private mutating func take(_ literal: StaticString) -> Bool {
            let left = bytes.count - position
            for offset in 0..<literal.utf8CodeUnitCount {
                guard offset < left else {
                    ranOut = true
                    return false
                }
                guard bytes[position + offset] == literal.utf8Start[offset] else { return false }
            }
            position += literal.utf8CodeUnitCount
            return true
        }

        private mutating func text(while isPart: (UInt8) -> Bool) -> String {
            let begin = position
            while position < bytes.count, isPart(bytes[position]) { position += 1 }
            return String(decoding: bytes[begin..<position], as: UTF8.self)
        }

        /// The same without the spaces at its end.
        private mutating func trimmedText(while isPart: (UInt8) -> Bool) -> String {
            let begin = position
            while position < bytes.count, isPart(bytes[position]) { position += 1 }
            var end = position
            while end > begin, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
            return String(decoding: bytes[begin..<end], as: UTF8.self)
        }
    }
}

extension [HandshakeRequest.HeaderField] {
    fileprivate func count(of name: String) -> Int {
        indices.count { equalsIgnoringASCIICase(self[$0].name, name) }
    }
}
