import EngineIO
import NIOCore
import NIOHTTP1

/// A request that waits for its response, which any loop may give.
///
/// A request that belongs to a session is answered on the session's loop, any other on its channel's; the mutable
/// state is touched there only. The handler is reached on its channel's loop, to which a response hops where the two
/// differ.
final class HTTPExchange: @unchecked Sendable {
    /// A response as the handler writes it.
    struct Response: Sendable {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        var body = ByteBuffer()
        /// Whether the connection ends with it.
        var isLast = false
    }

    /// The request; `nil` for one that is not Engine.IO's, or not HTTP.
    let request: EngineHTTPRequest?
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<EngineHTTPHandler>
    private(set) var isAnswered = false

    init(_ request: EngineHTTPRequest?, handler: EngineHTTPHandler, on eventLoop: any EventLoop) {
        self.request = request
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    /// Answers a poll, which opens the session `sid` if it is given; called on the session's loop.
    func respond(
        poll payload: ByteBuffer,
        isBinary: Bool,
        compressor: PollCompressor?,
        opening sid: String? = nil
    ) {
        let type = isBinary ? "application/octet-stream" : "text/plain; charset=UTF-8"
        var headers = [("Content-Type", type), ("Cache-Control", "no-store")]
        var payload = payload
        if let compressor, let request, let settings = request.server.configuration.httpCompression,
            payload.readableBytes >= settings.threshold
        {
            headers.append(("Vary", "Accept-Encoding"))
            if let coding = ContentCoding.preferred(by: request.head.headers["Accept-Encoding"]) {
                payload = compressor.compress(payload, coding, settings)
                headers.append(("Content-Encoding", coding.rawValue))
            }
        }
        if request?.isFromInternetExplorer == true { headers.append(("X-XSS-Protection", "0")) }
        respond(status: 200, headers: headers, body: payload, opening: sid)
    }

    func respondOK() {
        let headers = [("Content-Type", "text/html"), ("Cache-Control", "no-store")]
        respond(status: 200, headers: headers, body: ByteBuffer(string: "ok"))
    }

    /// Refuses the request; a WebSocket's with the text alone, as its client expects.
    func refuse(_ refusal: EngineRefusal) {
        guard !isAnswered else { return }
        request?.wasRefused(refusal, on: eventLoop)
        var headers = refusal.retryAfter.map { [("Retry-After", "\($0)")] } ?? []
        if request?.isWebSocket == true {
            headers.append(("Content-Type", "text/html"))
            let status = refusal.error == .forbidden && refusal.status == 403 ? 400 : refusal.status
            respond(status: status, headers: headers, body: ByteBuffer(string: refusal.message), isLast: true)
        } else {
            headers.append(("Content-Type", "application/json"))
            respond(status: refusal.status, headers: headers, body: ByteBuffer(string: refusal.body))
        }
    }

    /// Gives the response; only the first counts.
    func respond(
        status: Int,
        headers: [(String, String)] = [],
        body: ByteBuffer = ByteBuffer(),
        isLast: Bool = false,
        opening sid: String? = nil
    ) {
        guard !isAnswered else { return }
        isAnswered = true
        let fields = HTTPHeaders(headers + (request?.responseHeaders(opening: sid) ?? []))
        let response = Response(status: .init(statusCode: status), headers: fields, body: body, isLast: isLast)
        if eventLoop.inEventLoop {
            handler.value.respond(response, to: self)
        } else {
            eventLoop.execute { self.handler.value.respond(response, to: self) }
        }
    }
}

extension EngineHTTPRequest {
    /// Whether the client is Internet Explorer, which must be told not to take packets for an attack.
    fileprivate var isFromInternetExplorer: Bool {
        guard let agent = head.headers.first(name: "User-Agent") else { return false }
        return agent.contains(";MSIE") || agent.contains("Trident/")
    }
}
