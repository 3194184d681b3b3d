import EngineIO
import SocketIO

/// What a socket is doing in `/room`.
///
/// Unchecked: touched only on the loop of the socket.
final class RoomVisit: @unchecked Sendable {
    /// The socket.
    let socket: Socket
    /// Its requests.
    let requests: RequestHandler
    /// What gives it ICE servers.
    let renewal: ICEServerRenewal
    private var joining: (room: RoomName, attempt: Int)?
    private var attempts = 0

    /// Begins to serve a socket; call it on its loop.
    init(
        _ socket: Socket,
        limits: ClientLimits,
        iceServers: ICEServers,
        time: @escaping @Sendable () -> Int64,
        isInCall: @escaping @Sendable (String) -> Bool
    ) {
        self.socket = socket
        requests = RequestHandler(socket, limits: limits)
        renewal = ICEServerRenewal(iceServers, time: time, isInCall: isInCall)
    }

    /// What its connection has done.
    var client: ClientLimits.Client { requests.client }

    /// The time.
    var now: ContinuousClock.Instant { socket.connection.loop.now }

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

    /// The attempt to join has ended.
    /// - Returns: The room that the socket was joining.
    @discardableResult
    func endJoin() -> RoomName? {
        defer { joining = nil }
        return joining?.room
    }

    /// The socket has ended, or left.
    func end() {
        renewal.stop()
        endJoin()
    }
}
