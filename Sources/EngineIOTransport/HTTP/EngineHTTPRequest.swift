import EngineIO
import Logging
import NIOCore
import NIOHTTP1

/// The head of an HTTP request for an Engine.IO server.
struct EngineHTTPRequest: Sendable {
    let server: EngineServer
    let head: HTTPRequestHead
    let target: RequestTarget
    /// Where the connection comes from.
    let peer: IPAddress?
    /// Whether it is over TLS.
    let isSecure: Bool
    /// Whether the request asks for an upgrade to WebSocket.
    let isWebSocket: Bool

    init(
        _ head: HTTPRequestHead,
        _ target: RequestTarget,
        for server: EngineServer,
        from peer: IPAddress?,
        isSecure: Bool
    ) {
        self.server = server
        self.head = head
        self.target = target
        self.peer = peer
        self.isSecure = isSecure
        isWebSocket = head.isWebSocketUpgrade
    }

    var origin: String? { head.headers.first(name: "Origin") }

    /// What applications see of the request.
    var handshake: HandshakeRequest {
        HandshakeRequest(
            head,
            target,
            from: peer,
            isSecure: isSecure,
            behind: server.configuration.trustedProxies
        )
    }

    /// What the request asks for.
    func purpose() throws(EngineRefusal) -> EngineRequest.Purpose {
        try EngineRequest.check(
            method: head.method.rawValue,
            query: target.query,
            origin: origin,
            isWebSocket: isWebSocket,
            configuration: server.configuration
        )
    }

    private var host: String? { head.headers.first(name: "Host") }

    /// Refuses a request under a foreign name, where the configuration asks for that.
    func checkHost() throws(EngineRefusal) {
        guard let hosts = server.configuration.hosts, !hosts.allows(host) else { return }
        throw .misdirected(host)
    }

    /// Refuses a request of a page from elsewhere, where the configuration asks for that.
    func checkOrigin() throws(EngineRefusal) {
        guard let origin, !server.configuration.allows(origin: origin, host: host) else { return }
        throw .foreignOrigin(origin)
    }

    /// The fields that the configuration adds to every response, a WebSocket's 101 included.
    /// - Parameter sid: The session that the response opens, if it does.
    /// - Returns: The fields, all of them valid.
    func responseHeaders(opening sid: String? = nil) -> [(name: String, value: String)] {
        var fields = server.configuration.cors?.responseHeaders(origin: origin) ?? []
        if let sid, !isWebSocket, let cookie = server.configuration.cookie {
            fields.append(("Set-Cookie", cookie.headerValue(sid: sid)))
        }
        let initialHeaders = sid.flatMap { _ in server.configuration.initialHeaders }
        let headers = server.configuration.headers
        guard initialHeaders != nil || headers != nil else { return fields }
        let request = handshake
        let added = (initialHeaders?(request) ?? []) + (headers?(request) ?? [])
        for field in added {
            if field.isValid {
                fields.append((field.name, field.value))
            } else {
                server.logger.error("Left out a header field that is not valid", metadata: ["name": "\(field.name)"])
            }
        }
        return fields
    }

    /// Notes that the request, which came in on this loop, was refused.
    func wasRefused(_ refusal: EngineRefusal, on eventLoop: any EventLoop) {
        let loop = server.loop(for: eventLoop)
        loop.run { loop.counters.refused(refusal.error) }
        server.logger.debug(
            "Refused a request",
            metadata: ["target": "\(head.uri)", "code": "\(refusal.error.rawValue)", "reason": "\(refusal.message)"]
        )
        server.configuration.onConnectionError?(handshake, refusal)
    }
}

extension HTTPRequestHead {
    /// Whether the request asks for an upgrade to WebSocket; one that does not say so in `Connection` too is to be
    /// answered as if it did not (RFC 9110, section 7.8).
    var isWebSocketUpgrade: Bool {
        guard let upgrade = headers.first(name: "Upgrade") else { return false }
        return WebSocketHandshake.isRequested(upgrade: [upgrade], connection: headers["Connection"])
            && version.minor > 0
    }
}
