public import EngineIO
public import HummingbirdCore
import Listening
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

import struct Synchronization.Atomic

extension HTTPServerBuilder {
    /// An HTTP/1.1 server that gives Engine.IO requests to Engine.IO servers and all others to the application.
    ///
    /// ```swift
    /// let application = Application(router: router, server: .engineIO(EngineServer(io)))
    /// ```
    /// - Parameters:
    ///   - servers: The Engine.IO servers, told apart by their paths; at least one, whose time-outs and limits hold for the
    ///     connections.
    ///   - proxyProtocol: The load balancers whose connections begin with a header of HAProxy's PROXY protocol, version 1
    ///     or 2, that says where the client is; none unless given. Theirs are closed without a header; others have none.
    ///   - front: What stands before HTTP, such as TLS; nothing unless given.
    /// - Returns: A builder for `Application`.
    public static func engineIO(
        _ servers: EngineServer...,
        proxyProtocol: [AddressRange] = [],
        front: ConnectionFront? = nil
    ) -> HTTPServerBuilder {
        precondition(!servers.isEmpty, "at least one server is needed")
        return HTTPServerBuilder { responder in
            EngineIOChannel(servers: servers, proxyProtocol: proxyProtocol, front: front, responder: responder)
        }
    }
}

/// A connection that begins as Engine.IO's and takes on Hummingbird's handlers with the first request for them.
///
/// One that goes over to WebSocket without such a request costs neither the handlers nor, from then on, a task.
private struct EngineIOChannel: HTTPChannelHandler {
    /// A connection, and Hummingbird's view of it once there is one.
    ///
    /// A new connection is registered only when its set-up is complete, so what comes with the first request is waited
    /// for outside of the set-up.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let http: EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>>
    }

    let servers: [EngineServer]
    let proxyProtocol: [AddressRange]
    let front: ConnectionFront?
    let responder: Responder
    private let listener = Listener()

    init(
        servers: [EngineServer],
        proxyProtocol: [AddressRange],
        front: ConnectionFront?,
        responder: @escaping Responder
    ) {
        self.servers = servers
        self.proxyProtocol = proxyProtocol
        self.front = front
        self.responder = responder
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        listener.guardDescriptors(of: channel.parent, logger)
        return channel.eventLoop.makeCompletedFuture {
            let pending = PendingHTTP(on: channel.eventLoop)
            let http = pending.promise.futureResult
            let bound = NIOLoopBound(pending, eventLoop: channel.eventLoop)
            try channel.serve(behind: proxyProtocol) { channel, client in
                let install: ConnectionFront.Install = { channel, security in
                    let pending = bound.value
                    try channel.configureEngineIO(
                        servers,
                        security: security,
                        client: client,
                        other: .pass { pending.promise.succeed(try Self.installHTTP($0, isSecure: security != nil)) }
                    )
                }
                if let front { try front.prepare(channel, client, install) } else { try install(channel, nil) }
            }
            return Value(channel: channel, http: http)
        }
    }

    private static func installHTTP(
        _ channel: any Channel,
        isSecure: Bool
    ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }

    func handle(value: Value, logger: Logger) async {
        // Without a request for the application the wait ends with the connection, and the connection with the task.
        let http = await withTaskCancellationHandler {
            try? await value.http.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
        if let http { await handleHTTP(asyncChannel: http, logger: logger) }
    }
}

/// The listening channel, which is Hummingbird's.
private final class Listener: Sendable {
    private let isGuarded = Atomic(false)

    /// Keeps descriptors free for the process, from the first connection on.
    func guardDescriptors(of channel: (any Channel)?, _ logger: Logger) {
        guard !isGuarded.load(ordering: .relaxed), let channel,
            isGuarded.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        else { return }
        channel.eventLoop.execute {
            try? channel.pipeline.syncOperations.addHandler(AcceptHandler(logger: logger), position: .first)
        }
    }
}

/// The first request for the application, which may never come.
private final class PendingHTTP {
    /// The connection ended, or went over to WebSocket, without a request for the application.
    struct NoRequest: Error {}

    let promise: EventLoopPromise<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>>

    init(on eventLoop: any EventLoop) {
        promise = eventLoop.makePromise()
    }

    /// Whoever could have installed the handlers is gone; does nothing after they were installed.
    deinit {
        promise.fail(NoRequest())
    }
}
