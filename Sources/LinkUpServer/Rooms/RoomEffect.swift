import EngineIO
import Networking

/// What is to be done for a room after something has happened in it, in this order.
enum RoomEffect: Equatable, Sendable {
    /// Every connection in the room is told.
    case tellAll(RoomEvent)
    /// All connections but one are told, as far as they keep up.
    case tellOthers(SocketID, RoomEvent)
    /// Some connections are told.
    case tell([SocketID], RoomEvent)
    /// A connection is not of the room any more.
    case putOut(SocketID)
    /// The signal is passed on to a connection.
    case pass(to: SocketID)
    /// A place in the call was taken.
    case seatTaken(ClientNetwork)
    /// A place in the call is free again; what the TURN server knew its owner by is at its end.
    case seatFreed(ClientNetwork, relayUser: String)
}

/// What the server tells the connections of a room by itself.
enum RoomEvent: Equatable, Sendable {
    /// A member is new, or has changed.
    case member(MemberView)
    /// A member is gone for good.
    case memberLeft(MemberID, LeaveReason)
    /// How many members there are.
    case members(count: Int)
    /// A setting has changed.
    case room(RoomSettings)
    /// A member begins or ceases to type.
    case typing(MemberID, active: Bool)
    /// A member shows a feeling.
    case reaction(MemberID, Reaction)
    /// Another connection of the same member has entered the call.
    case moved
    /// Whoever is told is asked to send no sound.
    case mute(by: MemberID)
    /// Who waits to be let in.
    case waiting([WaitingPerson])
    /// Whoever waited may join.
    case admitted
    /// Whoever waited may not, or whoever was in the room is put out.
    case denied
}

/// Why a member is gone.
enum LeaveReason: String, Encodable, Sendable {
    /// It left, or its page said that it was being closed.
    case left
    /// It lost its connection, and did not come back in time.
    case lost
    /// It was put out.
    case removed
    /// It is there still, in a room of so many that not all are told of by name.
    case unlisted
}

/// Somebody who waits to be let in.
struct WaitingPerson: Encodable, Equatable, Sendable {
    /// Who it will be.
    var id: MemberID
    /// What it wants to be called.
    var name: DisplayName
}

/// What can be set in a room.
struct RoomSettings: Equatable, Sendable {
    /// Whether it takes nobody new.
    var isLocked = false
    /// Whether those who are new wait until they are let in.
    var hasWaitingList = false
    /// The role of those who are new.
    var newcomers = Role.member
}
