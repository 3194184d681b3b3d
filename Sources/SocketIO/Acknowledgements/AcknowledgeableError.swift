/// An error that is the acknowledgement: a client that waits for one gets it from the handler that throws this.
///
/// Any handler of an event may throw it, synchronous or not, with or without a result, and so may the middlewares of a
/// socket. The first acknowledgement counts, as ever. The error is the client's doing and not the server's: it is logged
/// at debug level only, whether or not the client waits, and given to ``Socket/onError(_:)``. All other errors leave the
/// client without an acknowledgement.
public protocol AcknowledgeableError: Error {
    /// The arguments of the acknowledgement; for an `Encodable` error the error itself is the only one.
    /// - Throws: What can't be encoded. That is logged, and the client gets nothing.
    var acknowledgement: SocketArguments { get throws }
}

extension AcknowledgeableError where Self: Encodable {
    /// The error itself.
    public var acknowledgement: SocketArguments {
        get throws { try SocketArguments(encoding: self) }
    }
}
