/// Why a running server stopped.
public enum STUNServerError: Error, Hashable, Sendable {
    /// The system closed one of the server's sockets.
    case socketFailed
}
