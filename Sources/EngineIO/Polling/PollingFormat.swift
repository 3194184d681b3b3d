package import NIOCore

/// How the packets of a session look in the bodies of its polls and POSTs.
package struct PollingFormat {
    package let version: EngineProtocolVersion
    /// Whether binary packets are to be base64; always so in protocol 4.
    private let base64: Bool
    /// The number of the callback of a client that loads responses as scripts; `nil` for all others.
    private let callback: String?

    /// Reads from a handshake which format its client wants.
    ///
    /// Only clients of Socket.IO 2 know JSONP, in which `j` numbers the callback.
    package init(
        _ handshake: HandshakeRequest,
        version: EngineProtocolVersion,
        base64: Bool,
        configuration: EngineConfiguration
    ) {
        self.version = version
        callback =
            configuration.allowEIO3
            ? handshake.queryValue("j").map { $0.filter { "0123456789".utf8.contains($0.utf8.first ?? 0) } } : nil
        self.base64 = base64 || callback != nil
    }

    /// The body that carries the packets, and whether it is binary.
    package func encode(_ packets: [EncodedMessage]) -> (body: ByteBuffer, isBinary: Bool) {
        switch version {
        case .v4: (wrap(PayloadV4.encode(packets)), false)
        case .v3 where PayloadV3.needsBinary(packets, base64: base64): (PayloadV3.encodeBinary(packets), true)
        case .v3: (wrap(PayloadV3.encodeText(packets)), false)
        }
    }

    /// A call of the client's callback with the payload, if it loads responses as scripts.
    private func wrap(_ payload: ByteBuffer) -> ByteBuffer {
        guard let callback else { return payload }
        var script = ByteBuffer()
        script.writeString("___eio[\(callback)](")
        JSONString.write(payload.readableBytesView, into: &script)
        script.writeString(");")
        return script
    }

    /// The payload in the body of a POST.
    /// - Returns: `nil` when a form, as which clients with JSONP send it, has none; such a POST means nothing.
    package func payload(of body: ByteBuffer) -> ByteBuffer? {
        guard callback != nil else { return body }
        let form = String(buffer: body)
        guard let field = form.split(separator: "&").first(where: { $0.utf8.starts(with: "d=".utf8) }) else {
            return nil
        }
        return Self.unescape(RequestTarget.decode(field.utf8.dropFirst(2)))
    }

    /// A script can't send a newline through a form unharmed, so it comes as `\n`, and `\n` as `\\n`.
    private static func unescape(_ text: String) -> ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.starts(with: #"\n"#.utf8) {
                payload.writeStaticString(#"\n"#)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "n") {
                payload.writeInteger(UInt8(ascii: "\n"))
                rest = rest.dropFirst()
            } else {
                payload.writeInteger(byte)
            }
        }
        return payload
    }
}
