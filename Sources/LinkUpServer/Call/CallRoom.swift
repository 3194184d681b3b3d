/// The call of one room: who takes part, and what each is told of the others.
///
/// A value without sockets, clocks or timers: time comes in as an argument, events go out as results. At most
/// ``Limits/participants`` take part; whoever is away keeps its place until its deadline.
struct CallRoom: Equatable, Sendable {
    /// Everybody, in the order of joining.
    private(set) var participants: [Participant] = []

    /// What a participant is told when it has joined.
    struct Joined: Equatable, Sendable {
        /// Who it is.
        var id: ParticipantID
        /// The others, those that are away included.
        var peers: [Peer]
        /// The socket that the participant had until now, where another one took its place.
        var replaced: SocketID?
        /// What the others are told.
        var deliveries: [CallDelivery]
    }

    /// Whether nobody takes part, and nobody is waited for.
    var isEmpty: Bool { participants.isEmpty }

    /// Whether somebody new finds no place.
    var isFull: Bool { participants.count >= Limits.participants }

    /// Whether this participant is in the call, be it away.
    func contains(_ id: ParticipantID) -> Bool {
        participants.contains { $0.id == id }
    }

    /// Somebody new joins; the caller has checked that there is a place and that the id is free.
    mutating func join(_ id: ParticipantID, name: DisplayName, socket: SocketID) -> Joined {
        let newcomer = Participant(id: id, name: name, status: .silent, presence: .connected(socket))
        participants.append(newcomer)
        return Joined(
            id: id,
            peers: peers(of: id),
            replaced: nil,
            deliveries: tellOthers(about: id) { .peerJoined(Peer(newcomer, toldTo: $0)) }
        )
    }

    /// A participant comes back, after an absence or in place of a connection that still looks alive.
    /// - Returns: `nil` when no such participant is in the call.
    mutating func resume(_ id: ParticipantID, name: DisplayName, socket: SocketID) -> Joined? {
        guard let index = index(of: id) else { return nil }
        let former = participants[index].socket
        participants[index].name = name
        participants[index].presence = .connected(socket)
        let returned = participants[index]
        return Joined(
            id: id,
            peers: peers(of: id),
            replaced: former == socket ? nil : former,
            deliveries: tellOthers(about: id) { .peerBack(Peer(returned, toldTo: $0)) }
        )
    }

    /// A participant leaves for good.
    mutating func leave(_ id: ParticipantID) -> [CallDelivery] {
        guard let index = index(of: id) else { return [] }
        participants.remove(at: index)
        return tellOthers(about: id) { _ in .peerLeft(id) }
    }

    /// A participant's connection is lost; its place is kept until `deadline`.
    mutating func connectionLost(_ id: ParticipantID, until deadline: ContinuousClock.Instant) -> [CallDelivery] {
        guard let index = index(of: id) else { return [] }
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

    /// Finds the socket to which a signal from one participant to another goes.
    /// - Throws: `unknown-peer` or `peer-away`.
    func route(from sender: ParticipantID, to id: ParticipantID) throws(RequestError) -> SocketID {
        guard id != sender, let index = index(of: id) else {
            throw RequestError(code: .unknownPeer, message: "`to` names nobody in the call of this room.")
        }
        guard let socket = participants[index].socket else {
            throw RequestError(
                code: .peerAway,
                message: "This peer has lost its signalling connection. Send it again on `peer-back`."
            )
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
