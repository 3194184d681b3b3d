public import NIOCore

/// What stands before HTTP on a port: TLS, or the choice between HTTP and something else.
///
/// EngineIOTransport knows neither; it is told when a connection turns out to carry HTTP.
public struct ConnectionFront: Sendable {
    /// Adds the handlers of HTTP at the end of a connection's pipeline, on its loop.
    ///
    /// What came of the connection so far is to be fired at them afterwards. Without a ``SecureTransport`` the WebSockets
    /// write to the connection's socket and not to its pipeline.
    public typealias Install = @Sendable (any Channel, SecureTransport?) throws -> Void

    let prepare: @Sendable (any Channel, SocketAddress?, @escaping Install) throws -> Void

    /// Makes a front.
    /// - Parameter prepare: Begins to look at a new connection, on its loop. The second argument is where the client is by
    ///   the PROXY protocol, `nil` where the connection's own address counts. It keeps the third until it calls it or the
    ///   connection is closed or carries something else.
    public init(_ prepare: @escaping @Sendable (any Channel, SocketAddress?, @escaping Install) throws -> Void) {
        self.prepare = prepare
    }
}

/// What encrypts a connection in front of HTTP's handlers.
///
/// A WebSocket moves to the loop of its session with its socket. That of an encrypted connection cannot move, since the
/// state of the encryption stands in the pipeline: another socket has to carry what is inside.
public struct SecureTransport: Sendable {
    let detach: @Sendable (any Channel, any ChannelHandler) throws -> NIOBSDSocket.Handle

    /// Describes an encrypted connection.
    /// - Parameter detach: Adds a handler after another one of the connection's pipeline, on its loop, that exchanges what
    ///   is inside with another socket, and gives the other end of that; the caller then owns it. HTTP's handlers are
    ///   removed afterwards. Those of the application stay behind, and are to get nothing more.
    public init(detach: @escaping @Sendable (any Channel, any ChannelHandler) throws -> NIOBSDSocket.Handle) {
        self.detach = detach
    }
}
