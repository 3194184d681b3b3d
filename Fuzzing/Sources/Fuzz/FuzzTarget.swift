import NIOCore

/// A decoder, by its name on the command line and of its corpus.
enum FuzzTarget: String, CaseIterable {
    case requestTarget = "request-target"
    case handshakeFields = "handshake-fields"
    case payloadV3Text = "payload-v3-text"
    case payloadV3Binary = "payload-v3-binary"
    case payloadV4 = "payload-v4"
    case webSocketFrames = "websocket-frames"
    case webSocketRequest = "websocket-request"
    case socketIOPackets = "socketio-packets"
    case json = "json"
    case namespaceQuery = "namespace-query"
    case messagePack = "message-pack"
    case proxyHeader = "proxy-header"
    case forwardedFields = "forwarded-fields"
    case stunMessage = "stun-message"
    case turnStreamFraming = "turn-stream-framing"
    case relayEngine = "relay-engine"

    /// Decodes one input; traps when a decoder does or when a property does not hold.
    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = ByteBuffer(bytes: input)
        switch self {
        case .requestTarget: fuzzRequestTarget(bytes)
        case .handshakeFields: fuzzHandshakeFields(bytes)
        case .payloadV3Text: fuzzPayloadV3(bytes, isBinary: false)
        case .payloadV3Binary: fuzzPayloadV3(bytes, isBinary: true)
        case .payloadV4: fuzzPayloadV4(bytes)
        case .webSocketFrames: fuzzWebSocketFrames(bytes)
        case .webSocketRequest: fuzzWebSocketRequest(bytes)
        case .socketIOPackets: fuzzSocketIOPackets(bytes)
        case .json: fuzzJSON(bytes)
        case .namespaceQuery: fuzzNamespaceQuery(bytes)
        case .messagePack: fuzzMessagePack(bytes)
        case .proxyHeader: fuzzProxyHeader(bytes)
        case .forwardedFields: fuzzForwardedFields(bytes)
        case .stunMessage: fuzzSTUNMessage(bytes)
        case .turnStreamFraming: fuzzTURNStreamFraming(bytes)
        case .relayEngine: fuzzRelayEngine(bytes)
        }
    }
}
