import EngineIO
import SocketIO

/// Carries out what a change of rooms asks for, in the order of the changes.
///
/// Changes are made under a mutex, and their outcomes appended here under the same. Whoever is first carries out what is
/// there, outside the mutex, until nothing is left: what sending causes may change rooms in turn.
struct RoomOutbox: Sendable {
    private var waiting: [RoomDirectory.Outcome] = []
    private var isDraining = false

    /// Appends what a change asks for.
    mutating func append(_ outcomes: [RoomDirectory.Outcome]) {
        waiting.append(contentsOf: outcomes)
    }

    /// Somebody wants to carry out what is there.
    /// - Returns: What it carries out, before it asks again with ``next()``; `nil` when somebody else is at it, or
    ///   nothing is there.
    mutating func begin() -> [RoomDirectory.Outcome]? {
        guard !isDraining, !waiting.isEmpty else { return nil }
        isDraining = true
        return take()
    }

    /// Whoever carries things out has done what it had.
    mutating func next() -> [RoomDirectory.Outcome]? {
        guard !waiting.isEmpty else {
            isDraining = false
            return nil
        }
        return take()
    }

    private mutating func take() -> [RoomDirectory.Outcome] {
        defer { waiting = [] }
        return waiting
    }
}

extension Namespace {
    /// Tells connections of a room what is to be told.
    func carryOut(_ outcome: RoomDirectory.Outcome) {
        let channel = RoomService.channel(of: outcome.room)
        switch outcome.effect {
        case .tellAll(let event): to(channel).emit(event, in: outcome.room)
        case .tellOthers(let connection, let event):
            to(channel).except(connection).volatile.emit(event, in: outcome.room)
        case .tell(let connections, let event):
            guard !connections.isEmpty else { return }
            to(connections).emit(event, in: outcome.room)
        case .putOut, .pass, .seatTaken, .seatFreed: break
        }
    }
}

extension BroadcastOperator {
    /// Sends an event of a room.
    fileprivate func emit(_ event: RoomEvent, in room: RoomName) {
        switch event {
        case .member(let member): emit("member", member)
        case .memberLeft(let id, let reason): emit("member-left", MemberLeft(id: id, reason: reason))
        case .members(let count): emit("members", MemberCount(count: count))
        case .room(let settings): emit("room", RoomView(name: room, settings: settings))
        case .typing(let id, let isActive): emit("typing", Typing(id: id, active: isActive))
        case .reaction(let id, let reaction): emit("reaction", ReactionShown(id: id, reaction: reaction))
        case .moved: emit("moved", NoResult())
        case .mute(let id): emit("mute", Mute(by: id))
        case .waiting(let people): emit("waiting", Waiting(members: people))
        case .admitted: emit("admitted", NoResult())
        case .denied: emit("denied", NoResult())
        }
    }
}

/// A room's settings as they go over the wire.
struct RoomView: Encodable, Equatable, Sendable {
    /// The room.
    var name: RoomName
    /// What is set.
    var settings: RoomSettings

    private enum CodingKeys: String, CodingKey {
        case name
        case locked
        case waiting
        case newcomers
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(settings.isLocked, forKey: .locked)
        try container.encode(settings.hasWaitingList, forKey: .waiting)
        try container.encode(settings.newcomers, forKey: .newcomers)
    }
}

private struct MemberLeft: Encodable, Sendable {
    var id: MemberID
    var reason: LeaveReason
}

private struct MemberCount: Encodable, Sendable {
    var count: Int
}

private struct Typing: Encodable, Sendable {
    var id: MemberID
    var active: Bool
}

private struct ReactionShown: Encodable, Sendable {
    var id: MemberID
    var reaction: Reaction
}

private struct Mute: Encodable, Sendable {
    var by: MemberID
}

private struct Waiting: Encodable, Sendable {
    var members: [WaitingPerson]
}
