import EngineIO
import NIOCore
import NIOHTTP1

/// Handshakes, and what makes a WebSocket of a connection.
extension EngineHTTPHandler {
    /// Opens a session over long-polling.
    func shakeHands(
        _ request: EngineHTTPRequest,
        _ exchange: HTTPExchange,
        _ version: EngineProtocolVersion,
        base64: Bool,
        _ context: ChannelHandlerContext
    ) {
        let handshake = request.handshake
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        admission = request.server.admit(request, handshake, on: context.eventLoop) { result in
            handler.value.finish(exchange) { context throws(EngineRefusal) in
                try request.server.openSession(
                    handshake,
                    id: result.get(),
                    transport: .polling,
                    version: version,
                    base64: base64,
                    on: context.eventLoop
                ).start(answering: exchange)
            }
        }
    }

    /// Makes a WebSocket of the connection once its request is complete.
    func upgrade(
        _ request: EngineHTTPRequest,
        _ purpose: EngineRequest.Purpose,
        _ context: ChannelHandlerContext
    ) {
        guard let exchange = pending?.exchange else { return }
        let handshake = request.handshake
        let accept: (value: String, subprotocol: String?)
        do {
            let key = try WebSocketHandshake.key(method: request.head.method.rawValue, handshake)
            accept = (WebSocketAccept.value(for: key), try WebSocketHandshake.subprotocol(handshake))
        } catch {
            return switch error {
            case .method: exchange.respond(status: 405, headers: [("Allow", "GET")], isLast: true)
            case .malformed: exchange.respond(status: 400, isLast: true)
            case .version:
                exchange.respond(status: 400, headers: [("Sec-WebSocket-Version", "13, 8")], isLast: true)
            }
        }
        switch purpose {
        case .upgrade(let sid):
            finish(exchange) { context throws(EngineRefusal) in
                guard request.server.configuration.allowUpgrades else { throw .upgradeNotAllowed }
                try request.checkOrigin()
                guard let session = request.server.session(sid) else { throw .sessionUnknown(sid) }
                become(.probe(session), request, accept, opening: nil, context)
            }
        case .handshake(_, let version, let base64):
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            admission = request.server.admit(request, handshake, on: context.eventLoop) { result in
                handler.value.finish(exchange) { context throws(EngineRefusal) in
                    let session = try request.server.openSession(
                        handshake,
                        id: result.get(),
                        transport: .webSocket,
                        version: version,
                        base64: base64,
                        on: context.eventLoop
                    )
                    handler.value.become(.transport(session), request, accept, opening: session.id, context)
                }
            }
        case .poll, .post, .badMethod: break
        }
    }

    /// Ends a handshake, unless the client has given up, and refuses it with what `open` throws.
    private func finish(
        _ exchange: HTTPExchange,
        _ open: (ChannelHandlerContext) throws(EngineRefusal) -> Void
    ) {
        guard let context, pending?.exchange === exchange else { return }
        admission = nil
        do {
            try open(context)
        } catch {
            exchange.refuse(error)
        }
    }

    /// Puts a WebSocket in the place of HTTP.
    private func become(
        _ role: WebSocketUpgrade.Role,
        _ request: EngineHTTPRequest,
        _ accept: (value: String, subprotocol: String?),
        opening sid: String?,
        _ context: ChannelHandlerContext
    ) {
        pending = nil
        machine.upgrade()
        let upgrade = WebSocketUpgrade(
            role: role,
            clientAddress: peer(context),
            accept: accept.value,
            headers: request.responseHeaders(opening: sid),
            subprotocol: accept.subprotocol,
            compression: WebSocketCompression.Terms(request.server.configuration.perMessageDeflate, request.handshake),
            maxMessageSize: request.server.configuration.maxPayload
        )
        upgrade.replace([self] + httpHandlers, in: context, security)
    }
}
