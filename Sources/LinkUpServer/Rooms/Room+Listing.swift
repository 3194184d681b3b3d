import EngineIO
import OrderedCollections

// Who is told of whom: in a large room not everybody of everybody.
extension Room {
    /// The members that somebody new is told of: those who are listed, and itself.
    func membersTold(to id: MemberID) -> [MemberView] {
        members.values.lazy.filter { $0.isListed || $0.id == id }.map(\.view)
    }

    /// Tells of a member as it is now: everybody, if it is listed; itself otherwise.
    func describe(_ id: MemberID) -> [RoomEffect] {
        guard let member = members[id] else { return [] }
        return [member.isListed ? .tellAll(.member(member.view)) : .tell(member.connections, .member(member.view))]
    }

    /// From now on the others are told of a member by name, if there is room for that or it is needed.
    mutating func list(_ id: MemberID, atNeed: Bool, at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard let index = members.index(forKey: id), !members.values[index].isListed else { return [] }
        guard atNeed || listedCount < Limits.listedPeople else {
            scheduleCount(at: now)
            return []
        }
        members.values[index].isListed = true
        listedCount += 1
        return []
    }

    mutating func listNext(at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard listedCount < Limits.listedPeople, members.count > listedCount,
            let next = members.values.first(where: { !$0.isListed })?.id
        else { return [] }
        return list(next, atNeed: false, at: now) + describe(next)
    }

    mutating func scheduleCount(at now: ContinuousClock.Instant) {
        countDeadline = countDeadline ?? now + Limits.countInterval
    }
}
