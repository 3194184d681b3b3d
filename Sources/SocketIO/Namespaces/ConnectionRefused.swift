/// Thrown by a middleware to refuse a client, with what the client is told.
///
/// The client receives CONNECT_ERROR with `message`, and `data` if there is any. Any other error that a middleware
/// throws is logged, and the client is told no more than "Connection refused".
public struct ConnectionRefused: Error, Sendable, Equatable {
    /// The text for the client (`err.message`).
    public var message: String
    /// More for the client (`err.data`).
    public var data: JSONValue?

    /// Makes a refusal.
    public init(_ message: String, data: JSONValue? = nil) {
        self.message = message
        self.data = data
    }

    /// What the client is told when the reason is none of its business.
    static let unexplained = ConnectionRefused("Connection refused")
    /// What the client is told when it sent more to join a namespace than it may.
    static let authTooLarge = ConnectionRefused("Handshake data too large")
    /// What the client is told when nobody created the namespace.
    static let invalidNamespace = ConnectionRefused("Invalid namespace")
    /// What the client is told when it, or all clients together, ask for more namespaces than they may.
    static let tooManyNamespaces = ConnectionRefused("Too many namespaces")
}
