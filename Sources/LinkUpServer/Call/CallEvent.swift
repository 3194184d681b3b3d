/// What the server tells the participants of a call by itself.
enum CallEvent: Equatable, Sendable {
    /// Somebody came.
    case peerJoined(Peer)
    /// Somebody sends other things than before.
    case peerStatus(ParticipantID, MediaStatus)
    /// Somebody's signalling connection is lost.
    case peerAway(ParticipantID)
    /// Somebody who was away, or whose connection was replaced, can be reached again.
    case peerBack(Peer)
    /// Somebody left, or stayed away too long.
    case peerLeft(ParticipantID)
}

/// An event and the socket that gets it.
struct CallDelivery: Equatable, Sendable {
    /// The receiver.
    var socket: SocketID
    /// What it gets.
    var event: CallEvent
}
