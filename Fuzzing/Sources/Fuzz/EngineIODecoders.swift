import NIOCore

@testable import EngineIO

/// A request target and whatever the checks make of its query.
func fuzzRequestTarget(_ bytes: ByteBuffer) {
    let target = RequestTarget(String(buffer: bytes))
    let configuration = EngineConfiguration(allowEIO3: true)
    for method in ["GET", "POST", "OPTIONS"] {
        for isWebSocket in [false, true] {
            _ = try? EngineRequest.check(
                method: method,
                query: target.query,
                isWebSocket: isWebSocket,
                configuration: configuration
            )
        }
    }
}

/// Header fields, one a line: the opening handshake of WebSocket with its extensions.
func fuzzHandshakeFields(_ bytes: ByteBuffer) {
    let fields = String(buffer: bytes).split(separator: "\n", maxSplits: 16, omittingEmptySubsequences: false)
    let headers = fields.map { field in
        let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return HandshakeRequest.HeaderField(name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
    }
    let request = HandshakeRequest(
        target: "/",
        query: [],
        headers: headers,
        remoteAddress: "",
        isSecure: false,
        time: .now
    )
    _ = try? WebSocketHandshake.key(method: "GET", request)
    _ = PerMessageDeflate().accept(headers.map(\.value))
}

/// A payload of protocol 3; its messages must survive being encoded and decoded again.
func fuzzPayloadV3(_ bytes: ByteBuffer, isBinary: Bool) {
    // A text payload is checked for UTF-8 before it is decoded.
    guard isBinary || bytes.isValidUTF8 else { return }
    var decoder = PayloadV3.Decoder(bytes, isBinary: isBinary)
    let messages = allMessages { try? decoder.next() }
    let packets = messages.map(\.encoded)
    let isBinaryAgain = PayloadV3.needsBinary(packets, base64: !isBinary)
    // Lengths in text count UTF-16, which what is not UTF-8 has none of.
    guard isBinaryAgain || packets.allSatisfy({ $0.isBinary || $0.payload.isValidUTF8 }) else { return }
    let payload = isBinaryAgain ? PayloadV3.encodeBinary(packets) : PayloadV3.encodeText(packets)
    var again = PayloadV3.Decoder(payload, isBinary: isBinaryAgain)
    precondition(allMessages { try? again.next() } == messages, "a message has changed")
}

/// A payload of protocol 4; its messages must survive being encoded and decoded again.
func fuzzPayloadV4(_ bytes: ByteBuffer) {
    guard bytes.isValidUTF8 else { return }
    var decoder = PayloadV4.Decoder(bytes)
    let messages = allMessages { try? decoder.next() }
    guard !messages.isEmpty else { return }
    var again = PayloadV4.Decoder(PayloadV4.encode(messages.map(\.encoded)))
    precondition(allMessages { try? again.next() } == messages, "a message has changed")
}

/// The messages among the packets, up to the first that can't be decoded.
private func allMessages(_ next: () -> EnginePacket?) -> [EngineMessage] {
    var messages: [EngineMessage] = []
    while let packet = next() {
        if case .message(let message) = packet { messages.append(message) }
    }
    return messages
}

extension EngineMessage {
    fileprivate var encoded: EncodedMessage {
        switch self {
        case .text(let text): .text { $0.writeImmutableBuffer(text) }
        case .binary(let bytes): .binary(bytes)
        }
    }
}
