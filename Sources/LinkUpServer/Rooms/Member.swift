import EngineIO
import Networking

/// A person in a room, as the server keeps it: one, however many connections it has.
struct Member: Sendable {
    /// Who it is.
    let id: MemberID
    /// When it came.
    let arrival: ContinuousClock.Instant
    /// What it is called.
    var name: DisplayName
    /// What it may do.
    var role: Role
    /// The network that it came from last.
    var network: ClientNetwork
    /// Its sockets, the oldest first; empty while it is away.
    var connections: [SocketID] = []
    /// 0, or the number of its raised hand.
    var hand = 0
    /// Its place in the call.
    var seat: Seat?
    /// Whether the others are told of it by name.
    var isListed = false
    /// Until when it is waited for, if it lost the connection that it was reached by.
    var absence: Absence?
    /// The bytes of signals that it may still send each peer.
    var budgets: [MemberID: TokenBucket] = [:]

    /// A place in the call.
    struct Seat: Sendable {
        /// What the client named its stay.
        let stay: Stay
        /// What it is to the TURN server for this stay; of no use to anybody else.
        let relayUser: String
        /// The network that the place counts for.
        let network: ClientNetwork
        /// The connection through which peers reach it; `nil` when it is lost.
        var connection: SocketID?
        /// What it said last of what it sends, and whether it records.
        var status: MediaStatus
    }

    /// The time in which a lost connection may be replaced.
    struct Absence: Equatable, Sendable {
        /// The connection that was lost.
        var connection: SocketID
        /// Why the member will have gone, if it does not come back.
        var reason: LeaveReason
        /// When the time is over.
        var deadline: ContinuousClock.Instant
    }

    /// The member as the others see it.
    var view: MemberView {
        MemberView(
            id: id,
            name: name,
            role: role,
            isAway: connections.isEmpty,
            hand: hand,
            call: seat.map { MemberView.Call(stay: $0.stay, isAway: $0.connection == nil, status: $0.status) }
        )
    }
}

/// Names a socket of a namespace; new with each connection.
typealias SocketID = String

/// What a member says of what it sends, and of what it does with what it is sent.
struct MediaStatus: Codable, Equatable, Sendable {
    /// Whether the microphone is being sent.
    var audio: Bool
    /// Whether the camera is being sent.
    var video: Bool
    /// Whether the screen is being shared.
    var screen: Bool
    /// Whether it records the call.
    var recording = false
}

/// A member as it goes over the wire.
struct MemberView: Encodable, Equatable, Sendable {
    /// Who it is.
    var id: MemberID
    /// What it is called.
    var name: DisplayName
    /// What it may do.
    var role: Role
    /// Whether it has no connection at the moment.
    var isAway: Bool
    /// 0, or the number of its raised hand.
    var hand: Int
    /// What it does in the call; `nil` when it isn't in it.
    var call: Call?

    /// What a member does in the call.
    struct Call: Encodable, Equatable, Sendable {
        /// What its client named the stay.
        var stay: Stay
        /// Whether the connection that its peers reach it by is lost; it may have others.
        var isAway: Bool
        /// What it sends, and whether it records.
        var status: MediaStatus

        private enum CodingKeys: String, CodingKey {
            case stay
            case isAway = "away"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stay.value, forKey: .stay)
            try container.encode(isAway, forKey: .isAway)
            try status.encode(to: encoder)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case name
        case role
        case isAway = "away"
        case hand
        case call
    }
}
