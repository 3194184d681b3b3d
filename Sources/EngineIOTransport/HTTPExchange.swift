import EngineIO
import NIOCore
import NIOHTTP1

/// A request that waits for its response, which any loop may give.
///
/// A request that belongs to a session is answered on the session's loop, any other on its channel's; the mutable
/// state is touched there only. The handler is reached on its channel's loop, to which a response hops where the two
/// differ.
final class HTTPExchange: @unchecked Sendable {
    private let origin: String?
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<EngineHTTPHandler>
    private let cors: CORSPolicy?
    private(set) var isAnswered = false

    init(origin: String?, cors: CORSPolicy?, handler: EngineHTTPHandler, on eventLoop: any EventLoop) {
        self.origin = origin
        self.cors = cors
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    func respond(poll payload: ByteBuffer, isBinary: Bool) {
        let type = isBinary ? "application/octet-stream" : "text/plain; charset=UTF-8"
        respond(status: 200, headers: [("Content-Type", type), ("Cache-Control", "no-store")], body: payload)
    }

    func respondOK() {
        let headers = [("Content-Type", "text/html"), ("Cache-Control", "no-store")]
        respond(status: 200, headers: headers, body: ByteBuffer(string: "ok"))
    }

    func refuse(_ error: EngineRequestError) {
        respond(
            status: error.status,
            headers: [("Content-Type", "application/json")],
            body: ByteBuffer(string: error.body)
        )
    }

    /// Gives the response; only the first counts.
    func respond(status: Int, headers: [(String, String)] = [], body: ByteBuffer = ByteBuffer()) {
        guard !isAnswered else { return }
        isAnswered = true
        let fields = HTTPHeaders(headers + (cors?.responseHeaders(origin: origin) ?? []))
        let response = EngineHTTPHandler.Response(status: .init(statusCode: status), headers: fields, body: body)
        if eventLoop.inEventLoop {
            handler.value.respond(response, to: self)
        } else {
            eventLoop.execute { self.handler.value.respond(response, to: self) }
        }
    }
}
