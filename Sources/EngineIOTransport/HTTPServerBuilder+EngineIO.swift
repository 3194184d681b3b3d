public import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

extension HTTPServerBuilder {
    /// An HTTP/1.1 server that gives Engine.IO requests to Engine.IO servers and all others to the application.
    ///
    /// ```swift
    /// let application = Application(router: router, server: .engineIO(EngineServer(io)))
    /// ```
    /// - Parameter servers: The Engine.IO servers, told apart by their paths.
    /// - Returns: A builder for `Application`.
    public static func engineIO(_ servers: EngineServer...) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in EngineIOChannel(servers: servers, responder: responder) }
    }
}

/// A connection that begins as Engine.IO's and takes on Hummingbird's handlers with the first request for them.
///
/// One that never has such a request, as a WebSocket, costs neither the handlers nor a task.
private struct EngineIOChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// The connection ended, or went over to WebSocket, without a request for the application.
    struct NoRequest: Error {}

    let servers: [EngineServer]
    let responder: Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let promise = channel.eventLoop.makePromise(of: Value.self)
        let isInstalled = NIOLoopBoundBox(false, eventLoop: channel.eventLoop)
        do {
            try channel.configureEngineIO(
                servers,
                other: .pass { channel in
                    isInstalled.value = true
                    promise.succeed(try Self.installHTTP(channel))
                }
            )
        } catch {
            promise.fail(error)
            return promise.futureResult
        }
        channel.closeFuture.whenComplete { _ in
            if !isInstalled.value { promise.fail(NoRequest()) }
        }
        return promise.futureResult
    }

    private static func installHTTP(_ channel: any Channel) throws -> Value {
        try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
