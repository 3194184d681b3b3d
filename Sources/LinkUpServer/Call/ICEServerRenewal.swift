import EngineIO
import Locking
import SocketIO

/// Gives a participant ICE servers, and others before the credentials of those end.
///
/// Each socket has one, and uses it on its loop.
final class ICEServerRenewal: Sendable {
    private let iceServers: ICEServers
    private let time: @Sendable () -> Int64
    private let isInCall: @Sendable (String) -> Bool
    private let timer = Mutex<SocketTimer?>(nil)

    /// Makes a renewal that has nothing to renew yet.
    /// - Parameters:
    ///   - iceServers: Where the server is, and what it accepts.
    ///   - time: The time of day, in milliseconds since 1970.
    ///   - isInCall: Whether somebody, as the TURN server knows it, is in the call through this socket still.
    init(
        _ iceServers: ICEServers,
        time: @escaping @Sendable () -> Int64,
        isInCall: @escaping @Sendable (String) -> Bool
    ) {
        self.isInCall = isInCall
        self.iceServers = iceServers
        self.time = time
    }

    /// Makes the ICE servers for a participant; from now on `ice-servers` brings it others in time.
    ///
    /// Call it on the loop of the socket, again when the participant is another one. The timer runs by a monotonic
    /// clock, whatever is done to the time of day.
    func start(for user: String, _ socket: Socket) -> [ICEServer] {
        stop()
        if let interval = iceServers.renewalInterval {
            let next = socket.after(interval) { [weak self, weak socket] in
                guard let self, let socket, isInCall(user) else { return }
                socket.emit("ice-servers", NewICEServers(iceServers: start(for: user, socket)))
            }
            timer.withLock { $0 = next }
        }
        return iceServers.servers(hostHeader: socket.handshake.request.header("host"), for: user, at: time())
    }

    /// Sends nothing any more: the participant has left, or its connection is lost.
    func stop() {
        timer.withLock { $0.take() }?.cancel()
    }
}

/// The argument of `ice-servers`.
private struct NewICEServers: Encodable, Sendable {
    var iceServers: [ICEServer]
}
