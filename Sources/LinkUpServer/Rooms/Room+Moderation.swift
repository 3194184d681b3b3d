import EngineIO
import OrderedCollections

// What hosts and moderators do; that they may was decided before.
extension Room {
    /// Somebody new waits until it is let in.
    /// - Throws: `room-full` when as many wait as may, in all or of its network.
    mutating func wait(_ arrival: Arrival, at now: ContinuousClock.Instant) throws(RequestError) -> [RoomEffect] {
        let person = WaitingPerson(id: arrival.id, name: arrival.name)
        if let index = waiters.firstIndex(where: { $0.person.id == arrival.id }) {
            let isKnown = waiters[index].person == person
            waiters[index].person = person
            if !waiters[index].connections.contains(arrival.connection) {
                waiters[index].connections.append(arrival.connection)
                if waiters[index].connections.count > Limits.connectionsOfMember {
                    waiters[index].connections.removeFirst()
                }
            }
            return isKnown ? [] : tellWhoWaits(at: now)
        }
        guard waiters.count < Limits.waiting else { throw .refused(.waiting, limit: Limits.waiting) }
        guard waiters.count(where: { $0.network == arrival.network }) < Limits.waitingOfNetwork else {
            throw .refused(.networkWaiting, limit: Limits.waitingOfNetwork)
        }
        waiters.append(Waiter(person: person, connections: [arrival.connection], network: arrival.network))
        return tellWhoWaits(at: now)
    }

    /// A connection waits no longer; does nothing if it did not.
    mutating func ceaseWaiting(_ connection: SocketID, at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard let index = waiters.firstIndex(where: { $0.connections.contains(connection) }) else { return [] }
        waiters[index].connections.removeAll { $0 == connection }
        guard waiters[index].connections.isEmpty else { return [] }
        waiters.remove(at: index)
        return tellWhoWaits(at: now)
    }

    /// Somebody has come in, and waits no longer; does nothing if it did not.
    mutating func ceaseWaiting(_ id: MemberID, at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard let waiter = try? takeWaiter(id) else { return [] }
        return [.tell(waiter.connections, .admitted)] + tellWhoWaits(at: now)
    }

    /// Lets somebody in.
    mutating func admit(_ id: MemberID, at now: ContinuousClock.Instant) throws(RequestError) -> [RoomEffect] {
        let waiter = try takeWaiter(id)
        admit(newcomer: id)
        return [.tell(waiter.connections, .admitted)] + tellWhoWaits(at: now)
    }

    /// From now on somebody is not new any more.
    mutating func admit(newcomer id: MemberID) {
        admitted.append(id)
        if admitted.count > max(Limits.remembered, size.people) { admitted.removeFirst() }
    }

    /// Turns somebody away.
    mutating func deny(_ id: MemberID, at now: ContinuousClock.Instant) throws(RequestError) -> [RoomEffect] {
        let waiter = try takeWaiter(id)
        bar(id)
        return [.tell(waiter.connections, .denied)] + tellWhoWaits(at: now)
    }

    /// Lets everybody in: there is no waiting list any more.
    mutating func admitAll(at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard !waiters.isEmpty else { return [] }
        let connections = waiters.flatMap(\.connections)
        waiters = []
        return [.tell(connections, .admitted)] + tellWhoWaits(at: now)
    }

    /// Gives a member a role; the room keeps a host.
    mutating func give(
        _ role: Role,
        to other: MemberID,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        guard let index = members.index(forKey: other) else { throw .unknownMember }
        let isLastHost = members.values[index].role == .host && members.values.count { $0.role == .host } == 1
        guard role == .host || !isLastHost else { throw .notAllowed }
        members.values[index].role = role
        let effects = role.may(.takePart) ? describe(other) : leaveCall(other)
        return effects + (role.may(.moderate) && !waiters.isEmpty ? tellWhoWaits(at: now) : [])
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

    /// Lowers the hand of a member, or all hands; those of hosts stay up, unless a host asks.
    mutating func lowerHands(
        of other: MemberID?,
        by member: Member,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        let mayLower = { (target: Member) in member.role == .host || target.role != .host }
        let lowered: [MemberID]
        if let other {
            guard let target = members[other] else { throw .unknownMember }
            guard mayLower(target) else { throw .notAllowed }
            lowered = target.hand > 0 ? [other] : []
        } else {
            lowered = members.values.filter { $0.hand > 0 && mayLower($0) }.map(\.id)
        }
        if !lowered.isEmpty { try announce(Limits.announcement * lowered.count, at: now) }
        for id in lowered {
            if let index = members.index(forKey: id) { members.values[index].hand = 0 }
        }
        return lowered.flatMap { describe($0) }
    }

    /// Sees to it that somebody is host, where anybody is there.
    mutating func appointHost(at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard !members.values.contains(where: { $0.role == .host }) else { return [] }
        let next =
            members.values.first { $0.role == .moderator } ?? members.values.first { $0.role == .member }
            ?? members.values.first
        guard let id = next?.id, let index = members.index(forKey: id) else { return [] }
        members.values[index].role = .host
        return describe(id) + (waiters.isEmpty ? [] : tellWhoWaits(at: now))
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

    /// A host or moderator that comes is told at once who waits.
    func tellWhoWaits(to id: MemberID, _ connection: SocketID) -> [RoomEffect] {
        guard !waiters.isEmpty, members[id]?.role.may(.moderate) == true else { return [] }
        return [.tell([connection], .waiting(waiters.map(\.person)))]
    }

    /// Hosts and moderators are told who waits, at most once a second: many may come and go.
    mutating func tellWhoWaits(at now: ContinuousClock.Instant) -> [RoomEffect] {
        if let told = waiting.told, now < told + Limits.countInterval {
            waiting.deadline = told + Limits.countInterval
            return []
        }
        waiting.told = now
        let hosts = members.values.filter { $0.role.may(.moderate) }.flatMap(\.connections)
        return [.tell(hosts, .waiting(waiters.map(\.person)))]
    }
}
