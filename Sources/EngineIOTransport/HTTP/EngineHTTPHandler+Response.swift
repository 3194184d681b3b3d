import EngineIO
import Listening
import NIOCore
import NIOHTTP1

/// Responses on their way out, from this handler and from those behind it.
extension EngineHTTPHandler {
    /// Writes the response to the current request; one to an earlier request comes too late and is dropped.
    func respond(_ response: HTTPExchange.Response, to exchange: HTTPExchange) {
        guard let context, pending?.exchange === exchange else { return }
        pending = nil
        let isHead = exchange.request?.head.method == .HEAD
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        if response.status != .noContent, response.status != .notModified {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.readableBytes)")
        }
        head.headers.say(machine.beginResponse(isLast: response.isLast, at: now))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.body.readableBytes > 0, !isHead {
            machine.giveResponse(response.body.readableBytes)
            context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        endResponse(wrapOutboundOut(.end(nil)), context, promise: nil)
        setAlarm()
    }

    /// Tells the client that it may send its body.
    func sendContinue(_ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// A part of a response that the handlers behind give.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status == .switchingProtocols:
            machine.upgrade()
            context.write(data, promise: promise)
        case .head(let head) where head.isInformational: context.write(data, promise: promise)
        case .head(let head):
            context.write(wrapOutboundOut(.head(adjusted(head))), promise: promise)
        case .body(let bytes):
            machine.giveResponse(bytes.readableBytes)
            context.write(data, promise: promise)
        case .end: endResponse(data, context, promise: promise)
        }
        setAlarm()
    }

    /// Says in a response whether the connection lasts.
    private func adjusted(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var head = head
        let isDelimited =
            head.headers.contains(name: "Content-Length") || head.status == .noContent || head.status == .notModified
        let isLast = head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "close" }
        // A client of HTTP/1.0 knows no chunks: where there is no length, the end of the connection is the body's.
        if case .passed(minorVersion: 0) = request, !isDelimited { head.version = .http1_0 }
        head.headers.say(machine.beginResponse(isLast: isLast, isDelimited: isDelimited, at: now))
        return head
    }

    private func endResponse(_ end: NIOAny, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        switch machine.endResponse(at: now) {
        case .goOn:
            context.writeAndFlush(end, promise: promise)
        case .closeWhenSent:
            context.writeAndFlush(end, promise: promise)
            closeWhenSent(context)
        }
    }

    /// Closes the connection, or its outgoing half, once all that was written has left.
    func closeWhenSent(_ context: ChannelHandlerContext) {
        // Before the encoder, which takes parts of a response only.
        guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else {
            return context.close(promise: nil)
        }
        encoder.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer()))).assumeIsolated().whenComplete { [self] _ in
            guard let context = self.context else { return }
            let limit = servers[0].configuration.maxPayload
            switch machine.responseSent(limit: limit, at: now) {
            case .close: context.close(promise: nil)
            case .closeOutput: context.close(mode: .output, promise: nil)
            }
            setAlarm()
        }
    }

    /// The bytes of responses that the peer has not taken, those in the system's buffer included.
    func unsentBytes(_ context: ChannelHandlerContext) -> Int {
        let sent = context.channel.socketDescriptor.map(SocketQueue.unacknowledgedBytes)
        let queued = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        return (queued ?? 0) + (sent ?? 0)
    }
}

extension HTTPHeaders {
    /// Says whether the connection lasts (RFC 9112, section 9.3).
    fileprivate mutating func say(_ persistence: HTTPConnectionMachine.Persistence) {
        switch persistence {
        case .lasts: break
        case .lastsIfSaid: replaceOrAdd(name: "Connection", value: "keep-alive")
        case .ends: replaceOrAdd(name: "Connection", value: "close")
        }
    }
}

extension HTTPResponseHead {
    fileprivate var isInformational: Bool { (100..<200).contains(status.code) }
}
