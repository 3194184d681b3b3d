import EngineIO

/// The call of one room: who takes part, and what each is told of the others.
///
/// A value without sockets, clocks or timers: time comes in as an argument, events go out as results. At most
/// ``Limits/participants`` take part; whoever is away keeps its place until its deadline.
struct CallRoom: Sendable {
    /// Everybody, in the order of joining.
    private(set) var participants: [Participant] = []
    /// Who has left for good since ``takeDeparted()``.
    private var departed: [Participant] = []

    /// What a participant is told when it has joined.
    struct Joined: Equatable, Sendable {
        /// Who it is.
        var id: ParticipantID
        /// What it is to the TURN server.
        var relayUser: String
        /// The others, those that are away included.
        var peers: [Peer]
        /// The socket that the participant had until now, where another one took its place.
        var replaced: SocketID?
        /// What the others are told.
        var deliveries: [CallDelivery]
    }

    /// Whether nobody takes part, and nobody is waited for.
    var isEmpty: Bool { participants.isEmpty }

    /// Whether all places are taken.
    var isFull: Bool { participants.count >= Limits.participants }

    /// Tells who has left for good since the last call.
    mutating func takeDeparted() -> [Participant] {
        defer { departed = [] }
        return departed
    }

    /// Makes room for a newcomer where that is fair: of those who are away, a network that keeps several places loses
    /// one, that of who is away longest.
    ///
    /// So nobody locks a room with places where nobody is.
    mutating func makePlace() -> [CallDelivery] {
        var away: [ClientNetwork: Int] = [:]
        for participant in participants where participant.socket == nil { away[participant.network, default: 0] += 1 }
        let candidates = participants.filter { $0.socket == nil && away[$0.network, default: 0] > 1 }
        guard isFull, let longest = candidates.min(by: { $0.deadline < $1.deadline }) else { return [] }
        return leave(longest.id)
    }

    /// Whether this participant is in the call, be it away.
    func contains(_ id: ParticipantID) -> Bool {
        participants.contains { $0.id == id }
    }

    /// The network of a participant; `nil` when there is none of this id.
    func network(of id: ParticipantID) -> ClientNetwork? {
        index(of: id).map { participants[$0].network }
    }

    /// Somebody new joins; the caller has checked that there is a place and that the id is free.
    mutating func join(
        _ id: ParticipantID,
        name: DisplayName,
        from origin: Origin,
        at now: ContinuousClock.Instant
    ) -> Joined {
        let newcomer = Participant(
            id: id,
            network: origin.network,
            relayUser: origin.relayUser,
            arrival: now,
            name: name,
            status: .silent,
            presence: .connected(origin.socket)
        )
        participants.append(newcomer)
        return Joined(
            id: id,
            relayUser: newcomer.relayUser,
            peers: peers(of: id),
            replaced: nil,
            deliveries: tellOthers(about: id) { .peerJoined(Peer(newcomer, toldTo: $0)) }
        )
    }

    /// A participant comes back, after an absence or in place of a connection that still looks alive.
    /// - Returns: `nil` when no such participant is in the call.
    mutating func resume(_ id: ParticipantID, name: DisplayName, from origin: Origin) -> Joined? {
        guard let index = index(of: id) else { return nil }
        let former = participants[index].socket
        participants[index].name = name
        participants[index].network = origin.network
        participants[index].presence = .connected(origin.socket)
        let returned = participants[index]
        return Joined(
            id: id,
            relayUser: returned.relayUser,
            peers: peers(of: id),
            replaced: former == origin.socket ? nil : former,
            deliveries: tellOthers(about: id) { .peerBack(Peer(returned, toldTo: $0)) }
        )
    }

    /// A participant leaves for good.
    mutating func leave(_ id: ParticipantID) -> [CallDelivery] {
        guard let index = index(of: id) else { return [] }
        departed.append(participants.remove(at: index))
        for other in participants.indices { participants[other].budgets[id] = nil }
        return tellOthers(about: id) { _ in .peerLeft(id) }
    }

    /// A participant's connection is lost; its place is kept until `deadline`, if it has been there for long enough.
    mutating func connectionLost(
        _ id: ParticipantID,
        until deadline: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> [CallDelivery] {
        guard let index = index(of: id) else { return [] }
        guard participants[index].arrival + Limits.settling <= now else { return leave(id) }
        participants[index].presence = .away(until: deadline)
        return tellOthers(about: id) { _ in .peerAway(id) }
    }

    /// The time that a participant was given may be over; does nothing if it came back meanwhile.
    mutating func expire(_ id: ParticipantID, at now: ContinuousClock.Instant) -> [CallDelivery] {
        guard let index = index(of: id), case .away(let deadline) = participants[index].presence, deadline <= now else {
            return []
        }
        return leave(id)
    }

    /// A participant says what it sends.
    mutating func setStatus(_ status: MediaStatus, of id: ParticipantID) -> [CallDelivery] {
        guard let index = index(of: id) else { return [] }
        participants[index].status = status
        return tellOthers(about: id) { _ in .peerStatus(id, status) }
    }

    /// Finds the socket to which a signal from one participant to another goes, and counts its bytes.
    /// - Throws: `unknown-peer`, `peer-away`, or `too-many-requests` when the sender has sent this peer too much.
    mutating func route(
        from sender: ParticipantID,
        to id: ParticipantID,
        byteCount: Int,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> SocketID {
        guard id != sender, let index = index(of: id) else {
            throw RequestError(code: .unknownPeer, message: "`to` names nobody in the call of this room.")
        }
        guard let socket = participants[index].socket else {
            throw RequestError(
                code: .peerAway,
                message: "This peer has lost its signalling connection. Send it again on `peer-back`."
            )
        }
        if let index = self.index(of: sender) {
            let wait = participants[index].budgets[id, default: TokenBucket(Limits.pairBytes)].take(byteCount, at: now)
            if let wait { throw .tooManyRequests(wait, .pairBytes) }
        }
        return socket
    }

    private func index(of id: ParticipantID) -> Int? {
        participants.firstIndex { $0.id == id }
    }

    private func peers(of id: ParticipantID) -> [Peer] {
        participants.filter { $0.id != id }.map { Peer($0, toldTo: id) }
    }

    private func tellOthers(
        about id: ParticipantID,
        _ event: (ParticipantID) -> CallEvent
    ) -> [CallDelivery] {
        participants.compactMap { other in
            guard other.id != id, let socket = other.socket else { return nil }
            return CallDelivery(socket: socket, event: event(other.id))
        }
    }
}
