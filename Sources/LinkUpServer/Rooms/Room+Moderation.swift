import EngineIO
import OrderedCollections

// What hosts and moderators do; that they may was decided before.
extension Room {
    /// Somebody new waits until it is let in.
    /// - Throws: `room-full` when as many wait as may, in all or of its network.
    mutating func wait(_ arrival: Arrival) throws(RequestError) -> [RoomEffect] {
        waiters.removeAll { $0.connection == arrival.connection || $0.person.id == arrival.id }
        guard waiters.count < Limits.waiting else { throw .refused(.waiting, limit: Limits.waiting) }
        guard waiters.count(where: { $0.network == arrival.network }) < Limits.waitingOfNetwork else {
            throw .refused(.networkWaiting, limit: Limits.waitingOfNetwork)
        }
        let person = WaitingPerson(id: arrival.id, name: arrival.name)
        waiters.append(Waiter(person: person, connection: arrival.connection, network: arrival.network))
        return tellWhoWaits()
    }

    /// A connection waits no longer; does nothing if it did not.
    mutating func ceaseWaiting(_ connection: SocketID) -> [RoomEffect] {
        guard let index = waiters.firstIndex(where: { $0.connection == connection }) else { return [] }
        waiters.remove(at: index)
        return tellWhoWaits()
    }

    /// Lets somebody in.
    mutating func admit(_ id: MemberID) throws(RequestError) -> [RoomEffect] {
        let waiter = try takeWaiter(id)
        admit(newcomer: id)
        return [.tell([waiter.connection], .admitted)] + tellWhoWaits()
    }

    /// From now on somebody is not new any more.
    mutating func admit(newcomer id: MemberID) {
        admitted.append(id)
        if admitted.count > max(Limits.remembered, members.count + 1) { admitted.removeFirst() }
    }

    /// Turns somebody away.
    mutating func deny(_ id: MemberID) throws(RequestError) -> [RoomEffect] {
        let waiter = try takeWaiter(id)
        bar(id)
        return [.tell([waiter.connection], .denied)] + tellWhoWaits()
    }

    /// Lets everybody in: there is no waiting list any more.
    mutating func admitAll() -> [RoomEffect] {
        guard !waiters.isEmpty else { return [] }
        let waiting = waiters.map(\.connection)
        waiters = []
        return [.tell(waiting, .admitted)] + tellWhoWaits()
    }

    /// Gives a member a role; the room keeps a host.
    mutating func give(_ role: Role, to other: MemberID, by id: MemberID) throws(RequestError) -> [RoomEffect] {
        guard let index = members.index(forKey: other) else { throw .unknownMember }
        let isLastHost = members.values[index].role == .host && members.values.count { $0.role == .host } == 1
        guard role == .host || !isLastHost else { throw .notAllowed }
        members.values[index].role = role
        let effects = role.may(.takePart) ? [] : exitCall(other)
        let isTold = role.may(.moderate) && !waiters.isEmpty
        return effects + describe(other) + (isTold ? tellWhoWaits() : [])
    }

    /// Puts a member out.
    mutating func remove(
        _ other: MemberID,
        by member: Member,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        guard let target = members[other] else { throw .unknownMember }
        guard other != member.id, member.role.isAbove(target.role) else { throw .notAllowed }
        bar(other)
        let farewell: [RoomEffect] = [.tell(target.connections, .denied)] + target.connections.map { .putOut($0) }
        return farewell + drop(other, .removed, at: now)
    }

    /// Sees to it that somebody is host, where anybody is there.
    mutating func appointHost() -> [RoomEffect] {
        guard !members.values.contains(where: { $0.role == .host }) else { return [] }
        let next =
            members.values.first { $0.role == .moderator } ?? members.values.first { $0.role == .member }
            ?? members.values.first
        guard let id = next?.id, let index = members.index(forKey: id) else { return [] }
        members.values[index].role = .host
        return describe(id) + (waiters.isEmpty ? [] : tellWhoWaits())
    }

    private mutating func takeWaiter(_ id: MemberID) throws(RequestError) -> Waiter {
        guard let index = waiters.firstIndex(where: { $0.person.id == id }) else { throw .unknownMember }
        return waiters.remove(at: index)
    }

    private mutating func bar(_ id: MemberID) {
        admitted.remove(id)
        removed.append(id)
        if removed.count > Limits.remembered { removed.removeFirst() }
    }

    private func tellWhoWaits() -> [RoomEffect] {
        let hosts = members.values.filter { $0.role.may(.moderate) }.flatMap(\.connections)
        return [.tell(hosts, .waiting(waiters.map(\.person)))]
    }
}
