import EngineIO
import SocketIO

/// What a socket is doing in the chat.
///
/// Unchecked: touched only on the loop of the socket.
final class ChatVisit: @unchecked Sendable {
    /// The socket.
    let socket: Socket
    /// What its connection has done.
    let client: ClientLimits.Client
    private var joining: (room: RoomName, attempt: Int)?
    private var attempts = 0

    init(socket: Socket, client: ClientLimits.Client) {
        self.socket = socket
        self.client = client
    }

    /// Whether the client takes a page.
    /// - Throws: `busy` when more waits for it than it takes.
    func checkRoom() throws(RequestError) {
        guard socket.connection.bufferedBytes <= Limits.waitingBytes else { throw .busy(.waitingBytes) }
    }

    /// The socket begins to join a room.
    /// - Returns: What the attempt is called.
    /// - Throws: `busy` when it is joining one already.
    func begin(_ room: RoomName) throws(RequestError) -> Int {
        guard joining == nil else { throw .busy(.joins) }
        attempts += 1
        joining = (room, attempts)
        return attempts
    }

    /// Whether an attempt has not ended by something else.
    func isUnderWay(_ attempt: Int) -> Bool {
        joining?.attempt == attempt
    }

    /// The attempt has ended.
    /// - Returns: The room that the socket was joining.
    @discardableResult
    func end() -> RoomName? {
        defer { joining = nil }
        return joining?.room
    }
}
