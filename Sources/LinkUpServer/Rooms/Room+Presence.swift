import EngineIO
import HeapModule
import Networking
import OrderedCollections

// Who comes, goes, is away and comes back.
extension Room {
    /// Whether somebody would enter if it wanted to now.
    /// - Returns: `false` when it would have to wait.
    /// - Throws: `denied`, `locked` or `room-full`.
    func takes(_ arrival: Arrival) throws(RequestError) -> Bool {
        guard !removed.contains(arrival.id) else { throw .denied }
        guard members[arrival.id] == nil else { return true }
        let role = try place(for: arrival)
        return !settings.hasWaitingList || role != settings.newcomers || admitted.contains(arrival.id)
    }

    /// Somebody wants to enter.
    /// - Returns: What becomes of it, and what is to be done.
    /// - Throws: `denied`, `locked` or `room-full`.
    mutating func join(
        _ arrival: Arrival,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (admission: Admission, effects: [RoomEffect]) {
        let id = arrival.id
        guard try takes(arrival) else { return (.waiting, try wait(arrival, at: now)) }
        var effects: [RoomEffect] = []
        if let index = members.index(forKey: id) {
            effects += comeBack(arrival, at: index)
        } else {
            let role = try place(for: arrival)
            effects += ceaseWaiting(id, at: now)
            admit(newcomer: id)
            networks[arrival.network, default: 0] += 1
            members[id] = Member(
                id: id,
                arrival: now,
                name: arrival.name,
                role: role,
                network: arrival.network,
                connections: [arrival.connection]
            )
        }
        var call: CallAdmission?
        if let entry = arrival.call {
            let (admission, changes) = enterCall(entry, id, through: arrival.connection)
            call = admission
            effects += changes
        }
        effects += list(id, atNeed: members[id]?.seat != nil, at: now)
        return (.entered(call: call), effects + describe(id) + tellWhoWaits(to: id, arrival.connection))
    }

    /// A member enters the call through one of its connections.
    /// - Throws: `not-joined`, `not-allowed` or `call-full`.
    mutating func enter(
        _ entry: CallEntry,
        _ id: MemberID,
        through connection: SocketID,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> (relayUser: String, forgottenBy: [MemberID], effects: [RoomEffect]) {
        guard members[id]?.connections.contains(connection) == true else { throw .notJoined }
        let (admission, effects) = enterCall(entry, id, through: connection)
        switch admission {
        case .refused(let error): throw error
        case .entered(let relayUser, let forgottenBy):
            return (relayUser, forgottenBy, effects + list(id, atNeed: true, at: now) + describe(id))
        }
    }

    /// A connection leaves; the member is gone with its last one.
    mutating func leave(
        _ id: MemberID,
        through connection: SocketID,
        at now: ContinuousClock.Instant
    ) -> [RoomEffect] {
        guard let index = members.index(forKey: id) else { return [] }
        members.values[index].connections.removeAll { $0 == connection }
        if members.values[index].connections.isEmpty { return drop(id, .left, at: now) }
        return members.values[index].seat?.connection == connection ? leaveCall(id) : []
    }

    /// A connection is lost; the member is waited for, if it has been there for long enough.
    mutating func connectionLost(
        _ id: MemberID,
        _ connection: SocketID,
        at now: ContinuousClock.Instant
    ) -> [RoomEffect] {
        lose(id, connection, .lost, until: now + Limits.grace, at: now)
    }

    /// The page behind a connection is closed, as it or its browser says; perhaps it is only loaded again.
    mutating func pageCloses(
        _ id: MemberID,
        _ connection: SocketID,
        at now: ContinuousClock.Instant
    ) -> [RoomEffect] {
        guard let index = members.index(forKey: id) else { return [] }
        let deadline = now + Limits.reload
        // Browsers may close the connection before the page can say anything.
        if let absence = members.values[index].absence, absence.connection == connection {
            guard deadline < absence.deadline else { return [] }
            setAbsence(of: index, connection, .left, until: deadline)
            return []
        }
        return lose(id, connection, .left, until: deadline, at: now)
    }

    /// The time of somebody who is away may be over, and the others may be told how many there are.
    mutating func timeout(at now: ContinuousClock.Instant) -> [RoomEffect] {
        var effects: [RoomEffect] = []
        while let next = absences.min, next.time <= now {
            absences.removeMin()
            guard let member = members[next.id], let absence = member.absence, absence.deadline <= now else { continue }
            if member.connections.isEmpty {
                effects += drop(member.id, absence.reason, at: now)
            } else {
                effects += leaveCall(member.id)
            }
        }
        if let deadline = waiting.deadline, deadline <= now {
            waiting.deadline = nil
            effects += tellWhoWaits(at: now)
        }
        if let deadline = countDeadline, deadline <= now {
            countDeadline = nil
            effects.append(.tellAll(.members(count: members.count)))
        }
        return effects
    }

    private mutating func lose(
        _ id: MemberID,
        _ connection: SocketID,
        _ reason: LeaveReason,
        until deadline: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> [RoomEffect] {
        guard let index = members.index(forKey: id), members.values[index].connections.contains(connection) else {
            return []
        }
        members.values[index].connections.removeAll { $0 == connection }
        let member = members.values[index]
        guard member.connections.isEmpty || member.seat?.connection == connection else { return [] }
        guard member.arrival + Limits.settling <= now else {
            return member.connections.isEmpty ? drop(id, reason, at: now) : leaveCall(id)
        }
        if member.seat?.connection == connection { members.values[index].seat?.connection = nil }
        setAbsence(of: index, connection, reason, until: deadline)
        return describe(id)
    }

    private mutating func setAbsence(
        of index: Int,
        _ connection: SocketID,
        _ reason: LeaveReason,
        until deadline: ContinuousClock.Instant
    ) {
        members.values[index].absence = Member.Absence(connection: connection, reason: reason, deadline: deadline)
        absences.insert(Deadline(time: deadline, id: members.keys[index]))
    }

    /// A member has another connection; the oldest of too many is put out.
    private mutating func comeBack(_ arrival: Arrival, at index: Int) -> [RoomEffect] {
        var effects: [RoomEffect] = []
        members.values[index].name = arrival.name
        leaveNetwork(members.values[index].network)
        members.values[index].network = arrival.network
        networks[arrival.network, default: 0] += 1
        if !members.values[index].connections.contains(arrival.connection) {
            members.values[index].connections.append(arrival.connection)
        }
        if members.values[index].connections.count > Limits.connectionsOfMember {
            let oldest = members.values[index].connections.removeFirst()
            effects += [.tell([oldest], .moved), .putOut(oldest)]
            if members.values[index].seat?.connection == oldest { effects += exitCall(arrival.id) }
        }
        // A seat whose connection is lost is waited for, whoever else of the member is there.
        if members.values[index].seat.map({ $0.connection != nil }) ?? true { members.values[index].absence = nil }
        return effects
    }

    /// Finds a place for somebody new.
    /// - Returns: The role that it has.
    private func place(for arrival: Arrival) throws(RequestError) -> Role {
        let role = roles[arrival.id] ?? (members.isEmpty ? .host : settings.newcomers)
        guard !settings.isLocked || role.may(.moderate) || admitted.contains(arrival.id) else { throw .locked }
        guard members.count < size.people else { throw .refused(.people, limit: size.people) }
        guard networks[arrival.network, default: 0] < size.peopleOfNetwork else {
            throw .refused(.networkPeople, limit: size.peopleOfNetwork)
        }
        return role
    }

    /// A member is gone for good.
    mutating func drop(_ id: MemberID, _ reason: LeaveReason, at now: ContinuousClock.Instant) -> [RoomEffect] {
        var effects = exitCall(id)
        guard let member = members.removeValue(forKey: id) else { return effects }
        leaveNetwork(member.network)
        remember(member.role, of: id)
        guard !members.isEmpty else { return effects + endRoom() }
        if !member.budgets.isEmpty || !effects.isEmpty {
            for index in members.values.indices { members.values[index].budgets[id] = nil }
        }
        if member.isListed {
            listedCount -= 1
            effects.append(.tellAll(.memberLeft(id, reason)))
            effects += listNext(at: now)
        } else {
            scheduleCount(at: now)
        }
        return effects + appointHost(at: now)
    }

    mutating func leaveNetwork(_ network: ClientNetwork) {
        let left = networks[network, default: 1] - 1
        networks[network] = left > 0 ? left : nil
    }

    private mutating func remember(_ role: Role, of id: MemberID) {
        roles[id] = role
        if roles.count > max(Limits.remembered, size.people) { roles.removeFirst() }
    }

    /// Nobody is there any more: what was set ends, and those who wait may enter.
    private mutating func endRoom() -> [RoomEffect] {
        let waiting = waiters.flatMap(\.connections)
        waiters = []
        return waiting.isEmpty ? [] : [.tell(waiting, .admitted)]
    }
}
