import EngineIO
import Listening
import NIOCore
import NIOPosix

/// Turns an HTTP connection into a WebSocket on its session's loop.
///
/// All transports of a session live on one loop; otherwise a packet on the WebSocket and a poll that the client sent
/// after it could change places. A connection that was accepted on another loop moves: its socket is duplicated,
/// and a channel on the session's loop takes the copy over. If it is encrypted, another socket is taken that carries what
/// is inside.
struct WebSocketUpgrade: Sendable {
    /// What the WebSocket is to its session.
    enum Role: Sendable {
        /// Its transport from the beginning.
        case transport(EngineSession)
        /// Its transport to be.
        case probe(EngineSession)
        /// None: there is no session, and what comes in goes out.
        case echo(NIOEngineLoop)

        var loop: NIOEngineLoop {
            switch self {
            case .transport(let session), .probe(let session): session.nioLoop
            case .echo(let loop): loop
            }
        }

        var server: EngineServer? {
            switch self {
            case .transport(let session), .probe(let session): session.server
            case .echo: nil
            }
        }

        /// There will be no WebSocket: a session that has no other transport ends before it has begun.
        func giveUp() {
            if case .transport(let session) = self { session.server.remove(session) }
        }
    }

    /// The channel is not that of a socket, or the process can't spare a descriptor for another.
    struct NoSocket: Error {}

    var role: Role
    /// Where the client is, as the connection is counted; `nil` for a local socket.
    var clientAddress: IPAddress?
    /// The end of the opening handshake.
    var response: ByteBuffer
    var maxMessageSize: Int
    var compression: WebSocketCompression.Terms?

    init(
        role: Role,
        clientAddress: IPAddress?,
        accept: String,
        headers: [(name: String, value: String)] = [],
        subprotocol: String? = nil,
        compression: WebSocketCompression.Terms? = nil,
        maxMessageSize: Int
    ) {
        self.role = role
        self.clientAddress = clientAddress
        self.compression = compression
        self.maxMessageSize = maxMessageSize
        var headers = headers
        if let subprotocol { headers.append(("Sec-WebSocket-Protocol", subprotocol)) }
        if let compression { headers.append(("Sec-WebSocket-Extensions", compression.agreement.response)) }
        response = WebSocketHandshake.response(accept: accept, headers: headers)
    }

    /// Puts the WebSocket in the place of other handlers, the last of the pipeline first.
    ///
    /// Behind those stand the application's, if an earlier request on the connection was for it: browsers open another
    /// one for a WebSocket, and proxies take any. They can't be removed, and read nothing but parts of HTTP.
    func replace(
        _ handlers: [any RemovableChannelHandler],
        in context: ChannelHandlerContext,
        _ security: SecureTransport?
    ) {
        do {
            if role.loop.isCurrent {
                let pipeline = context.pipeline.syncOperations
                let socket = security == nil ? context.channel.socketDescriptor : nil
                let handler = WebSocketHandler(self, socket.map(DirectSocket.init))
                try pipeline.addHandler(handler, position: .after(handlers[0]))
                for handler in handlers { pipeline.removeHandler(handler, promise: nil) }
                handler.begin()
            } else {
                try move(handlers, context, security)
            }
        } catch {
            role.giveUp()
            context.close(promise: nil)
        }
    }

    private func move(
        _ handlers: [any RemovableChannelHandler],
        _ context: ChannelHandlerContext,
        _ security: SecureTransport?
    ) throws {
        let pipeline = context.pipeline.syncOperations
        let socket: NIOBSDSocket.Handle
        if let security {
            socket = try security.detach(context.channel, handlers[0])
            for handler in handlers { pipeline.removeHandler(handler, promise: nil) }
        } else {
            guard let original = context.channel.socketDescriptor,
                let copy = DescriptorReserve.current.duplicate(original)
            else { throw NoSocket() }
            socket = copy
            // Closing the original ends nothing: the connection lives as long as the copy.
            context.close(promise: nil)
        }
        let isCopy = security == nil
        ClientBootstrap(group: role.loop.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WebSocketHandler(self, DirectSocket(socket)))
                }
            }
            .withConnectedSocket(socket)
            .whenComplete { result in
                guard case .success(let channel) = result else { return role.giveUp() }
                if let server = role.server {
                    server.movedWebSockets.add(channel)
                    if isCopy, server.limitsSockets { server.enterMoved(channel, from: clientAddress) }
                }
                try? channel.pipeline.syncOperations.handler(type: WebSocketHandler.self).begin()
            }
    }
}
