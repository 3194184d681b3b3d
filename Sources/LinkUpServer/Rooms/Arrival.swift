import EngineIO
import Networking

/// Somebody who wants to enter a room.
struct Arrival: Sendable {
    /// Who it is: proven by a key, or made for it.
    var id: MemberID
    /// What it wants to be called.
    var name: DisplayName
    /// The socket through which it comes.
    var connection: SocketID
    /// The network of that socket's connection.
    var network: ClientNetwork
    /// How it wants to enter the call; `nil` when it doesn't.
    var call: CallEntry?
}

/// Somebody who wants to enter the call.
struct CallEntry: Sendable {
    /// What the client named its stay.
    var stay: Stay
    /// What it sends, and whether it records.
    var status: MediaStatus
    /// What the TURN server is to know it by, if the stay is a new one.
    var relayUser: String
    /// Whether its network may have another place in calls.
    var hasPlace = true
}

/// What became of somebody who wanted to enter.
enum Admission: Equatable, Sendable {
    /// It is in; with what became of its entry into the call, if it wanted that.
    case entered(call: CallAdmission?)
    /// It waits to be let in.
    case waiting
}

/// What became of somebody who wanted to enter the call.
enum CallAdmission: Equatable, Sendable {
    /// It is in the call.
    /// - Parameters:
    ///   - relayUser: What the TURN server is to know it by.
    ///   - forgottenBy: The peers that were told that this stay was over.
    case entered(relayUser: String, forgottenBy: [MemberID])
    /// It is not, for this reason.
    case refused(RequestError)
}
