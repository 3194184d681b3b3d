import EngineIO
import NIOCore
import SocketIO

// What each request asks of the directory and the store.
extension RoomService {
    /// Answers the requests of a socket.
    func serve(_ visit: RoomVisit) {
        use(visit.socket.connection.loop)
        serveEntry(visit)
        serveChat(visit)
        serveCall(visit)
        serveModeration(visit)
    }

    private func serveEntry(_ visit: RoomVisit) {
        visit.requests.answerLater("join", .control, .read) { [self] arguments, now throws(RequestError) in
            try join(arguments, visit, at: now)
        } then: { [self] in
            flush()
        }
        visit.requests.answer("leave", .leave) { [self] _, now throws(RequestError) in
            if let room = visit.endJoin() { visit.socket.leave(Self.channel(of: room)) }
            // At once, so that it does not undo a join that follows.
            if let room = (try? place(of: visit.socket.id))?.room { visit.socket.leave(Self.channel(of: room)) }
            visit.renewal.stop()
            let id = visit.socket.id
            change { directory, sockets in
                sockets[id] = nil
                return ((), directory.leave(id, at: now))
            }
            return NoResult()
        } then: { [self] in
            flush()
        }
        on("name", visit) { arguments throws(RequestError) in .name(try DisplayName(arguments.string("name"))) }
        on("react", visit, .react) { arguments throws(RequestError) in
            .react(try arguments.code("reaction"))
        }
        on("hand", visit) { arguments throws(RequestError) in .hand(try arguments.boolean("raised")) }
    }

    private func serveCall(_ visit: RoomVisit) {
        visit.requests.answer("enter", .control) { [self] arguments, now throws(RequestError) in
            try visit.client.take(.credentials, at: now)
            let entry = try CallEntry(arguments)
            let (id, network) = (visit.socket.id, visit.client.network.id)
            let time = time()
            let (user, forgottenBy, epoch) = try tryChange { directory, _ throws(RequestError) in
                let result = try directory.enter(entry, through: id, network: network, at: now)
                return ((result.relayUser, result.forgottenBy, directory.makeEpoch(time: time)), result.outcomes)
            }
            return Entered(
                iceServers: visit.renewal.start(for: user, visit.socket),
                epoch: epoch,
                forgottenBy: forgottenBy
            )
        } then: { [self] in
            flush()
        }
        on("exit", visit) { _ in .exit }
        on("status", visit) { arguments throws(RequestError) in .status(try MediaStatus(arguments)) }
        visit.requests.hearRaw("signal", .signal) { [self] arguments, now, acknowledge throws(RequestError) in
            try pass(arguments, from: visit, at: now, acknowledge)
        }
    }

    private func serveModeration(_ visit: RoomVisit) {
        on("lock", visit) { arguments throws(RequestError) in .lock(try arguments.boolean("locked")) }
        on("settings", visit) { arguments throws(RequestError) in
            .settings(
                waiting: try arguments.booleanIfPresent("waiting"),
                newcomers: try arguments.codeIfPresent("newcomers")
            )
        }
        on("admit", visit) { arguments throws(RequestError) in .admit(try arguments.memberID("id")) }
        on("deny", visit) { arguments throws(RequestError) in .deny(try arguments.memberID("id")) }
        on("role", visit) { arguments throws(RequestError) in
            .role(try arguments.memberID("id"), try arguments.code("role"))
        }
        on("remove", visit) { arguments throws(RequestError) in .remove(try arguments.memberID("id")) }
        on("mute", visit) { arguments throws(RequestError) in .mute(try arguments.memberID("id")) }
        on("lower", visit) { arguments throws(RequestError) in
            .lower(try arguments.booleanIfPresent("all") == true ? nil : try arguments.memberID("id"))
        }
    }

    /// Answers a request that the room alone decides, with `{}`.
    private func on(
        _ event: String,
        _ visit: RoomVisit,
        _ action: LimitedAction = .control,
        _ request: @escaping @Sendable (RequestArguments) throws(RequestError) -> RoomRequest
    ) {
        let connection = visit.socket.id
        visit.requests.answer(event, action) { [self] arguments, now throws(RequestError) in
            _ = try ask(try request(arguments), connection, at: now)
            return NoResult()
        } then: { [self] in
            flush()
        }
    }

    /// Asks the room of a connection.
    @discardableResult
    func ask(
        _ request: RoomRequest,
        _ connection: SocketID,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> RoomDirectory.Place {
        try tryChange { directory, _ throws(RequestError) in
            let (place, outcomes) = try directory.receive(request, through: connection, at: now)
            return (place, outcomes)
        }
    }

    /// Sends a signal on, unless more waits for the receiver than it takes.
    ///
    /// The receiver's loop alone knows that, so the acknowledgement comes from there.
    private func pass(
        _ arguments: SocketArguments,
        from visit: RoomVisit,
        at now: ContinuousClock.Instant,
        _ acknowledge: Acknowledge?
    ) throws(RequestError) {
        guard let to = arguments[0], to.json.readableBytes <= Limits.memberID,
            let id = try? to.decode(String.self)
        else { throw .badRequest("to") }
        guard let payload = arguments[1], payload.json.readableBytesView.first == UInt8(ascii: "{") else {
            throw .badRequest("payload")
        }
        // Binary values in it count too.
        let byteCount = payload.byteCount
        guard byteCount <= Limits.signalPayload else { throw .badRequest("payload", limit: Limits.signalPayload) }
        let (connection, client) = (visit.socket.id, visit.client)
        let (sender, receiver) = try tryChange { directory, sockets throws(RequestError) in
            let request = RoomRequest.signal(to: MemberID(id), byteCount: byteCount)
            let (place, outcomes) = try directory.receive(request, through: connection, at: now)
            guard case .pass(let target) = outcomes.first?.effect, let receiver = sockets[target] else {
                throw .peerBusy
            }
            return ((place.id, receiver), [])
        }
        receiver.connection.loop.execute {
            guard receiver.connection.bufferedBytes <= Limits.waitingBytes else {
                client.refuse(.peerBusy, acknowledge)
                return
            }
            receiver.emit("signal", sender.value, payload)
            acknowledge?(NoResult())
        }
    }
}

/// The result of `enter`.
private struct Entered: Encodable, Sendable {
    var iceServers: [ICEServer]
    var epoch: Int64
    var forgottenBy: [MemberID]
}

extension CallEntry {
    /// Reads how somebody wants to enter the call.
    /// - Throws: `bad-request`.
    init(_ arguments: RequestArguments) throws(RequestError) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            stay: try Stay(arguments.string("stay")),
            status: try MediaStatus(arguments),
            // A new one with each stay: what the TURN server is told of an end must not hold for the next.
            relayUser: MemberID.random(using: &generator).value
        )
    }
}

extension MediaStatus {
    /// Reads what a member sends, and whether it records; who does not say so does not.
    /// - Throws: `bad-request`.
    init(_ arguments: RequestArguments) throws(RequestError) {
        self.init(
            audio: try arguments.boolean("audio"),
            video: try arguments.boolean("video"),
            screen: try arguments.boolean("screen"),
            recording: try arguments.booleanIfPresent("recording") ?? false
        )
    }
}
