/// What an application asked to be called for on a socket.
struct Listeners {
    /// Handles an event; `Acknowledge` is there when the client waits for an acknowledgement.
    typealias EventHandler = @Sendable (Socket, SocketArguments, Acknowledge?) throws -> Void

    /// Few enough that comparing names beats hashing them.
    var events: [(name: EventName, handler: EventHandler)] = []
    var any: [@Sendable (String, SocketArguments) throws -> Void] = []
    var disconnect: [@Sendable (DisconnectReason) -> Void] = []
}
