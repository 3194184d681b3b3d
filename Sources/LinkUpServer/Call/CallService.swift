import EngineIO
import Locking
import SocketIO

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
    private let limits: ClientLimits
    private let onDeparture: @Sendable (String) -> Void
    private let time: @Sendable () -> Int64
    private let state = Mutex(State())

    /// Makes a service.
    /// - Parameters:
    ///   - keys: Makes and checks resume keys.
    ///   - iceServers: Where the STUN and TURN server is, and what it accepts.
    ///   - limits: What each client has done.
    ///   - onDeparture: Told when somebody has left for good; gets whom its credentials for the TURN server are for,
    ///     which are to end.
    ///   - time: The time of day, in milliseconds since 1970.
    init(
        keys: ResumeKeys,
        iceServers: ICEServers,
        limits: ClientLimits,
        onDeparture: @escaping @Sendable (String) -> Void = { _ in },
        time: @escaping @Sendable () -> Int64
    ) {
        self.keys = keys
        self.iceServers = iceServers
        self.limits = limits
        self.onDeparture = onDeparture
        self.time = time
    }

    /// Serves the sockets that join a namespace from now on.
    func serve(_ namespace: Namespace) {
        limits.guardJoins(of: namespace)
        namespace.onConnection { [self] socket in serve(socket) }
    }

    private func serve(_ socket: Socket) {
        let requests = RequestHandler(socket, limits: limits)
        let renewal = ICEServerRenewal(iceServers, time: time)
        requests.answer("join", .control) { [self] arguments, now throws(RequestError) in
            try requests.client.take(.credentials, at: now)
            return try join(arguments, socket, requests.client, renewal, at: now)
        }
        requests.answer("status", .control) { [self] arguments, _ throws(RequestError) in
            try setStatus(arguments, socket)
        }
        requests.hear("signal", .signal) { [self] arguments, now, acknowledge throws(RequestError) in
            try pass(Signal(arguments), arguments.byteCount, from: socket, requests.client, at: now, acknowledge)
        }
        requests.answer("leave", .leave) { [self] _, _ throws(RequestError) in
            leave(socket)
            renewal.stop()
            return NoResult()
        }
        socket.onDisconnect { [self] reason in
            renewal.stop()
            switch reason {
            // The client wants to go, or is sent away: nobody is to wait for it.
            case .clientNamespaceDisconnect, .serverNamespaceDisconnect, .forcedServerClose, .parseError,
                .payloadTooLarge, .rateLimited:
                leave(socket)
            // The network may be to blame, or the server.
            case .transportError, .transportClose, .forcedClose, .pingTimeout, .sendTimeout, .bufferOverflow,
                .serverShuttingDown:
                connectionLost(socket)
            }
        }
    }

    private func join(
        _ arguments: RequestArguments,
        _ socket: Socket,
        _ client: ClientLimits.Client,
        _ renewal: ICEServerRenewal,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> CallJoined {
        let room = try RoomName(arguments.string("room"))
        let name = try DisplayName(arguments.string("name"))
        let resumed = try keys.participant(arguments, in: room)
        var generator = SystemRandomNumberGenerator()
        let newID = ParticipantID.random(using: &generator)
        // A new one with each stay: what the TURN server is told of an end must not hold for the next.
        let origin = Origin(socket: socket.id, network: client.network.id, relayUser: newID.value)
        let time = time()
        let result = change { state in
            Result { () throws(RequestError) in
                let joined = try state.directory.join(
                    room,
                    name: name,
                    resumed: resumed,
                    newID: newID,
                    from: origin,
                    at: now
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
            iceServers: renewal.start(for: joined.relayUser, socket),
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

    /// Sends a signal on, unless more waits for the receiver than it takes.
    ///
    /// The receiver's loop alone knows that, so the acknowledgement comes from there.
    private func pass(
        _ signal: Signal,
        _ byteCount: Int,
        from socket: Socket,
        _ client: ClientLimits.Client,
        at now: ContinuousClock.Instant,
        _ acknowledge: Acknowledge?
    ) throws(RequestError) {
        let result = state.withLock { state in
            Result { () throws(RequestError) in
                let route = try state.directory.route(from: socket.id, to: signal.to, byteCount: byteCount, at: now)
                let incoming = IncomingSignal(from: route.sender, epoch: signal.epoch, content: signal.content)
                guard let receiver = state.sockets[route.receiver] else { throw .peerBusy }
                receiver.connection.loop.execute {
                    guard receiver.connection.bufferedBytes <= Limits.waitingBytes else {
                        client.refuse(.peerBusy, acknowledge)
                        return
                    }
                    receiver.emit("signal", incoming)
                    acknowledge?(NoResult())
                }
            }
        }
        try result.get()
    }

    private func leave(_ socket: Socket) {
        change { state in
            let deliveries = state.directory.leave(socket.id)
            state.sockets[socket.id] = nil
            Self.post(deliveries, to: state.sockets)
        }
    }

    private func connectionLost(_ socket: Socket) {
        let loop = socket.connection.loop
        let absence = change { state in
            state.sockets[socket.id] = nil
            let absence = state.directory.connectionLost(socket.id, at: loop.now)
            Self.post(absence?.deliveries ?? [], to: state.sockets)
            return absence
        }
        guard let absence, let deadline = absence.deadline else { return }
        _ = loop.schedule(at: deadline) { [weak self] in self?.expire(absence.seat, at: deadline) }
    }

    private func expire(_ seat: CallDirectory.Seat, at now: ContinuousClock.Instant) {
        change { state in
            Self.post(state.directory.expire(seat, at: now), to: state.sockets)
        }
    }

    /// Changes who is in which call, and ends the credentials of those who have left for good.
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, departed) = state.withLock { state in
            let result = body(&state)
            return (result, state.directory.takeDeparted())
        }
        for user in departed { onDeparture(user) }
        return result
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
