import EngineIO

/// What a participant says it is sending.
struct MediaStatus: Codable, Equatable, Sendable {
    /// Whether the microphone is being sent.
    var audio: Bool
    /// Whether the camera is being sent.
    var video: Bool
    /// Whether the screen is being shared.
    var screen: Bool

    /// Nothing is sent; so until a participant says otherwise.
    static let silent = Self(audio: false, video: false, screen: false)
}

/// Where a participant comes from.
struct Origin: Sendable {
    /// The socket through which it joins.
    var socket: SocketID
    /// The network of that socket's connection.
    var network: ClientNetwork
    /// The name that the TURN server is to know it by for as long as it stays; of no use to anybody else.
    var relayUser: String
}

/// A participant of a call as the server keeps it.
struct Participant: Sendable {
    /// Who it is.
    let id: ParticipantID
    /// The network that it joined from last.
    var network: ClientNetwork
    /// What it is to the TURN server until it leaves for good; new with each stay, so that what ended with one stay is
    /// not good for the next.
    let relayUser: String
    /// When it joined.
    let arrival: ContinuousClock.Instant
    /// What it may still send each peer.
    var budgets: [ParticipantID: TokenBucket] = [:]
    /// The name it joined with last.
    var name: DisplayName
    /// What it said last.
    var status: MediaStatus
    /// Whether it can be reached.
    var presence: Presence

    /// Whether a participant has a signalling connection.
    enum Presence: Equatable, Sendable {
        /// It has, through this socket.
        case connected(SocketID)
        /// It lost it, and loses its place unless it is back by then.
        case away(until: ContinuousClock.Instant)
    }

    /// Until when its place is kept, if it is away.
    var deadline: ContinuousClock.Instant {
        guard case .away(let deadline) = presence else { return arrival }
        return deadline
    }

    /// The socket through which it is reached; `nil` while it is away.
    var socket: SocketID? {
        guard case .connected(let socket) = presence else { return nil }
        return socket
    }
}

/// Names a socket of a namespace; new with each connection.
typealias SocketID = String

/// A participant as one of its peers is told of it.
struct Peer: Encodable, Equatable, Sendable {
    /// Who it is.
    var id: ParticipantID
    /// Its display name.
    var name: DisplayName
    /// Whether the one who is **told** is the polite one of the pair.
    var polite: Bool
    /// What it said last.
    var status: MediaStatus

    /// Describes `participant` to `receiver`.
    init(_ participant: Participant, toldTo receiver: ParticipantID) {
        id = participant.id
        name = participant.name
        polite = receiver.isPolite(towards: participant.id)
        status = participant.status
    }
}
