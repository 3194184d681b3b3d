import EngineIO
import SocketIO
import Synchronization

/// The namespace `/call`: the rules of ``CallDirectory``, tied to sockets, timers and keys.
///
/// Sockets of a call may live on different loops, so the directory is behind a mutex. What a change makes the server
/// send is queued to the receivers' loops before the mutex is released, and never sent at once: each socket gets
/// everything in the order in which it happened, its own acknowledgement first, and nothing that sending causes comes
/// back to the directory while it is locked.
final class CallService: Sendable {
    private struct State {
        var directory = CallDirectory()
        /// The sockets that have joined a call.
        var sockets: [SocketID: Socket] = [:]
    }

    private let keys: ResumeKeys
    private let iceServers: ICEServers
    private let time: @Sendable () -> Int64
    private let state = Mutex(State())

    /// Makes a service.
    /// - Parameters:
    ///   - keys: Makes and checks resume keys.
    ///   - iceServers: Where the STUN and TURN server is, and what it accepts.
    ///   - time: The time of day, in milliseconds since 1970.
    init(keys: ResumeKeys, iceServers: ICEServers, time: @escaping @Sendable () -> Int64) {
        self.keys = keys
        self.iceServers = iceServers
        self.time = time
    }

    /// Serves the sockets that join a namespace from now on.
    func serve(_ namespace: Namespace) {
        namespace.onConnection { [self] socket in serve(socket) }
    }

    private func serve(_ socket: Socket) {
        let control = RateLimit(Limits.control)
        let renewal = ICEServerRenewal(iceServers, time: time)
        socket.answer("join", limit: control) { [self] arguments, _ throws(RequestError) in
            try join(arguments, socket, renewal)
        }
        socket.answer("status", limit: control) { [self] arguments, _ throws(RequestError) in
            try setStatus(arguments, socket)
        }
        socket.answer("signal", limit: RateLimit(Limits.signal)) { [self] arguments, _ throws(RequestError) in
            try pass(Signal(arguments), from: socket)
        }
        socket.answer("leave", limit: nil) { [self] _, _ throws(RequestError) in
            state.withLock { state in
                let deliveries = state.directory.leave(socket.id)
                state.sockets[socket.id] = nil
                Self.post(deliveries, to: state.sockets)
            }
            renewal.stop()
            return NoResult()
        }
        socket.onDisconnect { [self] _ in
            renewal.stop()
            connectionLost(socket)
        }
    }

    private func join(
        _ arguments: RequestArguments,
        _ socket: Socket,
        _ renewal: ICEServerRenewal
    ) throws(RequestError) -> CallJoined {
        let room = try RoomName(arguments.string("room"))
        let name = try DisplayName(arguments.string("name"))
        let key = try arguments.stringIfPresent("resume")
        guard (key ?? "").utf8.count <= Limits.resumeKey else {
            throw .badRequest("`resume` must be at most \(Limits.resumeKey) bytes.")
        }
        var generator = SystemRandomNumberGenerator()
        let newID = ParticipantID.random(using: &generator)
        let resumed = key.flatMap { keys.verify($0, room: room) }
        let time = time()
        let result = state.withLock { state in
            Result { () throws(RequestError) in
                let joined = try state.directory.join(
                    room,
                    name: name,
                    resumed: resumed,
                    newID: newID,
                    socket: socket.id
                )
                if let replaced = joined.replaced.flatMap({ state.sockets.removeValue(forKey: $0) }) {
                    replaced.connection.loop.execute { replaced.disconnect() }
                }
                state.sockets[socket.id] = socket
                Self.post(joined.deliveries, to: state.sockets)
                return (joined, epoch: state.directory.makeEpoch(time: time))
            }
        }
        let (joined, epoch) = try result.get()
        return CallJoined(
            id: joined.id,
            peers: joined.peers,
            iceServers: renewal.start(for: joined.id, socket),
            epoch: epoch,
            resumeKey: keys.makeKey(room: room, id: joined.id)
        )
    }

    private func setStatus(_ arguments: RequestArguments, _ socket: Socket) throws(RequestError) -> NoResult {
        let status = MediaStatus(
            audio: try arguments.boolean("audio"),
            video: try arguments.boolean("video"),
            screen: try arguments.boolean("screen")
        )
        let result = state.withLock { state in
            Result { () throws(RequestError) in
                Self.post(try state.directory.setStatus(status, socket: socket.id), to: state.sockets)
            }
        }
        try result.get()
        return NoResult()
    }

    private func pass(_ signal: Signal, from socket: Socket) throws(RequestError) -> NoResult {
        let result = state.withLock { state in
            Result { () throws(RequestError) in
                let route = try state.directory.route(from: socket.id, to: signal.to)
                let incoming = IncomingSignal(from: route.sender, epoch: signal.epoch, content: signal.content)
                Self.post("signal", incoming, to: state.sockets[route.receiver])
            }
        }
        try result.get()
        return NoResult()
    }

    private func connectionLost(_ socket: Socket) {
        let loop = socket.connection.loop
        let absence = state.withLock { state in
            state.sockets[socket.id] = nil
            let absence = state.directory.connectionLost(socket.id, at: loop.now)
            Self.post(absence?.deliveries ?? [], to: state.sockets)
            return absence
        }
        guard let absence else { return }
        _ = loop.schedule(at: absence.deadline) { [weak self] in self?.expire(absence.seat, at: absence.deadline) }
    }

    private func expire(_ seat: CallDirectory.Seat, at now: ContinuousClock.Instant) {
        state.withLock { state in
            Self.post(state.directory.expire(seat, at: now), to: state.sockets)
        }
    }

    private static func post(_ deliveries: [CallDelivery], to sockets: [SocketID: Socket]) {
        for delivery in deliveries {
            let socket = sockets[delivery.socket]
            switch delivery.event {
            case .peerJoined(let peer): post("peer-joined", peer, to: socket)
            case .peerBack(let peer): post("peer-back", peer, to: socket)
            case .peerAway(let id): post("peer-away", PeerName(id: id), to: socket)
            case .peerLeft(let id): post("peer-left", PeerName(id: id), to: socket)
            case .peerStatus(let id, let status): post("peer-status", PeerStatus(id: id, status: status), to: socket)
            }
        }
    }

    private static func post(_ event: String, _ argument: some Encodable & Sendable, to socket: Socket?) {
        guard let socket else { return }
        socket.connection.loop.execute { socket.emit(event, argument) }
    }
}

/// The result of `join`.
private struct CallJoined: Encodable, Sendable {
    var id: ParticipantID
    var peers: [Peer]
    var iceServers: [ICEServer]
    var epoch: Int64
    var resumeKey: String

    private enum CodingKeys: String, CodingKey {
        case id = "self"
        case peers
        case iceServers
        case epoch
        case resumeKey
    }
}

/// The argument of `peer-away` and `peer-left`.
private struct PeerName: Encodable, Sendable {
    var id: ParticipantID
}

/// The argument of `peer-status`.
private struct PeerStatus: Encodable, Sendable {
    var id: ParticipantID
    var status: MediaStatus
}
