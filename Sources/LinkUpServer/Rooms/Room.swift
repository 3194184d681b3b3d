import EngineIO
import HeapModule
import OrderedCollections

/// A room: who is in it, who may do what, who is in its call.
///
/// A value without sockets, clocks or timers: what happens comes in with its time, what is to be done comes out as
/// effects. Every rule of a room is decided here. A request that is refused changes nothing.
struct Room: Sendable {
    /// What is set.
    var settings = RoomSettings()
    /// Everybody, in the order of coming.
    var members: OrderedDictionary<MemberID, Member> = [:]
    /// Who waits to be let in, in the order of coming.
    var waiters: [Waiter] = []
    /// Who was let in, or has been in: nobody new.
    var admitted: OrderedSet<MemberID> = []
    /// Who was put out, and does not come in again.
    var removed: OrderedSet<MemberID> = []
    /// The roles of those who may come back.
    var roles: OrderedDictionary<MemberID, Role> = [:]
    /// Stays in the call whose end the peers were told.
    var endedStays: OrderedDictionary<MemberID, Stay> = [:]
    /// When those who are away may be gone; entries of those who came back are still in it.
    var absences = Heap<Deadline>()
    /// When the others are told how many there are; `nil` when they know.
    var countDeadline: ContinuousClock.Instant?
    /// When hosts were told last who waits, and when they are told next; `nil` when they know.
    var waiting: (told: ContinuousClock.Instant?, deadline: ContinuousClock.Instant?)

    private(set) var listedCount = 0
    private(set) var callCount = 0
    private var lastHand = 0
    /// How many members each network has.
    private var networks: [ClientNetwork: Int] = [:]
    private var budget = TokenBucket(Limits.roomBytes)
    private var announcements = TokenBucket(Limits.announcementBytes)
    let size: RoomSize

    /// Makes an empty room.
    /// - Parameter size: How many members it takes.
    init(size: RoomSize = RoomSize()) {
        self.size = size
    }

    /// Somebody who waits to be let in.
    struct Waiter: Sendable {
        var person: WaitingPerson
        /// The tabs that it waits with.
        var connections: [SocketID]
        var network: ClientNetwork
    }

    /// When somebody's time is over.
    struct Deadline: Comparable, Sendable {
        var time: ContinuousClock.Instant
        var id: MemberID

        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
    }

    /// Whether nobody is in it, and nobody is waited for.
    var isEmpty: Bool { members.isEmpty }

    /// How many members there are, those who are away among them.
    var memberCount: Int { members.count }

    /// A member; `nil` when there is none of this id.
    func member(_ id: MemberID) -> Member? { members[id] }

    /// When to call ``timeout(at:)`` next; `nil` when nothing is waited for.
    var nextDeadline: ContinuousClock.Instant? {
        [absences.min?.time, countDeadline, waiting.deadline].compactMap { $0 }.min()
    }
}

// MARK: - Requests

extension Room {
    /// A member asks for something through one of its connections.
    /// - Returns: What is to be done.
    /// - Throws: Why it may not.
    mutating func receive(
        _ request: RoomRequest,
        from id: MemberID,
        through connection: SocketID,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        guard let member = members[id] else { throw .notJoined }
        guard member.role.may(request.permission) else { throw .notAllowed }
        try count(request, at: now)
        switch request {
        case .read, .clear, .say, .amend:
            return []
        case .typing(let isActive):
            return [.tellOthers(connection, .typing(id, active: isActive))]
        case .name(let name):
            return change(id) { $0.name = name }
        case .hand(let isRaised):
            return raiseHand(isRaised, of: id)
        case .status(let status):
            guard member.seat?.connection == connection else { throw .notJoined }
            return change(id) { $0.seat?.status = status }
        case .exit:
            return member.seat?.connection == connection ? leaveCall(id) : []
        case .signal(let receiver, let byteCount):
            return try signal(from: member, through: connection, to: receiver, byteCount, at: now)
        case .lock(let isLocked):
            return set { $0.isLocked = isLocked }
        case .settings(let waiting, let newcomers):
            return try change(waiting: waiting, newcomers: newcomers, at: now)
        case .admit(let other):
            return try admit(other, at: now)
        case .deny(let other):
            return try deny(other, at: now)
        case .role(let other, let role):
            return try give(role, to: other, at: now)
        case .remove(let other):
            return try remove(other, by: member, at: now)
        case .mute(let other):
            guard let peer = members[other], let seat = peer.seat?.connection else { throw .unknownMember }
            guard member.role.isAbove(peer.role) else { throw .notAllowed }
            return [.tell([seat], .mute(by: id))]
        }
    }

    /// Counts what everybody in the room is sent because of a request, so that slow receivers keep up.
    private mutating func count(
        _ request: RoomRequest,
        at now: ContinuousClock.Instant
    ) throws(RequestError) {
        switch request {
        case .say(let byteCount), .amend(let byteCount):
            if let wait = budget.take(byteCount, at: now) { throw .tooManyRequests(wait, .roomBytes) }
        case .name, .hand, .status, .exit:
            try announce(Limits.announcement, at: now)
        case .typing:
            try announce(Limits.typingNotice, at: now)
        case .read, .clear, .signal, .lock, .settings, .admit, .deny, .role, .remove, .mute: break
        }
    }

    private mutating func announce(_ byteCount: Int, at now: ContinuousClock.Instant) throws(RequestError) {
        if let wait = announcements.take(byteCount, at: now) { throw .tooManyRequests(wait, .announcementBytes) }
    }

    private mutating func raiseHand(_ isRaised: Bool, of id: MemberID) -> [RoomEffect] {
        guard let member = members[id], (member.hand > 0) != isRaised else { return [] }
        if isRaised { lastHand += 1 }
        let hand = isRaised ? lastHand : 0
        return change(id) { $0.hand = hand }
    }

    /// Changes a member, and tells the others.
    private mutating func change(_ id: MemberID, _ body: (inout Member) -> Void) -> [RoomEffect] {
        guard let index = members.index(forKey: id) else { return [] }
        body(&members.values[index])
        return describe(id)
    }

    private mutating func set(_ body: (inout RoomSettings) -> Void) -> [RoomEffect] {
        let before = settings
        body(&settings)
        return settings == before ? [] : [.tellAll(.room(settings))]
    }

    private mutating func change(
        waiting: Bool?,
        newcomers: Role?,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        guard newcomers != .host, newcomers != .moderator else { throw .badRequest("newcomers") }
        var effects = set { settings in
            settings.hasWaitingList = waiting ?? settings.hasWaitingList
            settings.newcomers = newcomers ?? settings.newcomers
        }
        if !settings.hasWaitingList { effects += admitAll(at: now) }
        return effects
    }
}

// MARK: - Coming and going

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
    ) throws(RequestError) -> (relayUser: String, forgotten: Bool, effects: [RoomEffect]) {
        guard members[id]?.connections.contains(connection) == true else { throw .notJoined }
        let (admission, effects) = enterCall(entry, id, through: connection)
        switch admission {
        case .refused(let error): throw error
        case .entered(let relayUser, let forgotten):
            return (relayUser, forgotten, effects + list(id, atNeed: true, at: now) + describe(id))
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
        lose(id, connection, until: now + Limits.grace, at: now)
    }

    /// The page behind a connection says that it is being closed; perhaps it is only loaded again.
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
            setAbsence(of: index, connection, until: deadline)
            return []
        }
        return lose(id, connection, until: deadline, at: now)
    }

    /// The time of somebody who is away may be over, and the others may be told how many there are.
    mutating func timeout(at now: ContinuousClock.Instant) -> [RoomEffect] {
        var effects: [RoomEffect] = []
        while let next = absences.min, next.time <= now {
            absences.removeMin()
            guard let member = members[next.id], let absence = member.absence, absence.deadline <= now else { continue }
            if member.connections.isEmpty {
                effects += drop(member.id, .lost, at: now)
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
            return member.connections.isEmpty ? drop(id, .lost, at: now) : leaveCall(id)
        }
        if member.seat?.connection == connection { members.values[index].seat?.connection = nil }
        setAbsence(of: index, connection, until: deadline)
        return describe(id)
    }

    private mutating func setAbsence(of index: Int, _ connection: SocketID, until deadline: ContinuousClock.Instant) {
        members.values[index].absence = Member.Absence(connection: connection, deadline: deadline)
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

    private mutating func leaveNetwork(_ network: ClientNetwork) {
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

// MARK: - Who is told of whom

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
    private mutating func list(_ id: MemberID, atNeed: Bool, at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard let index = members.index(forKey: id), !members.values[index].isListed else { return [] }
        guard atNeed || listedCount < Limits.listedPeople else {
            scheduleCount(at: now)
            return []
        }
        members.values[index].isListed = true
        listedCount += 1
        return []
    }

    private mutating func listNext(at now: ContinuousClock.Instant) -> [RoomEffect] {
        guard listedCount < Limits.listedPeople, members.count > listedCount,
            let next = members.values.first(where: { !$0.isListed })?.id
        else { return [] }
        return list(next, atNeed: false, at: now) + describe(next)
    }

    private mutating func scheduleCount(at now: ContinuousClock.Instant) {
        countDeadline = countDeadline ?? now + Limits.countInterval
    }
}

// MARK: - The call

extension Room {
    private mutating func enterCall(
        _ entry: CallEntry,
        _ id: MemberID,
        through connection: SocketID
    ) -> (CallAdmission, [RoomEffect]) {
        guard let index = members.index(forKey: id) else { return (.refused(.notJoined), []) }
        guard members.values[index].role.may(.takePart) else { return (.refused(.notAllowed), []) }
        var effects: [RoomEffect] = []
        if let former = members.values[index].seat?.connection, former != connection {
            effects.append(.tell([former], .moved))
        }
        if let seat = members.values[index].seat, seat.stay == entry.stay {
            members.values[index].seat?.connection = connection
            members.values[index].seat?.status = entry.status
            members.values[index].absence = nil
            return (.entered(relayUser: seat.relayUser, forgotten: false), effects)
        }
        let hasSeat = members.values[index].seat != nil
        if !hasSeat {
            guard entry.hasPlace else {
                return (.refused(.refused(.networkParticipants, limit: Limits.participantsOfNetwork)), [])
            }
            if callCount >= Limits.participants { effects += freeSeat() }
            guard callCount < Limits.participants else {
                return (.refused(.refused(.participants, limit: Limits.participants)), [])
            }
        }
        effects += exitCall(id)
        callCount += 1
        let network = members.values[index].network
        members.values[index].absence = nil
        members.values[index].seat = Member.Seat(
            stay: entry.stay,
            relayUser: entry.relayUser,
            network: network,
            connection: connection,
            status: entry.status
        )
        let forgotten = endedStays.removeValue(forKey: id) == entry.stay
        return (
            .entered(relayUser: entry.relayUser, forgotten: forgotten), effects + [.seatTaken(network)]
        )
    }

    /// A member is in the call no longer, and in the room still.
    mutating func leaveCall(_ id: MemberID) -> [RoomEffect] {
        let effects = exitCall(id)
        guard let index = members.index(forKey: id), members.values[index].isListed,
            listedCount > Limits.listedPeople
        else { return effects + describe(id) }
        members.values[index].isListed = false
        listedCount -= 1
        return effects + [.tellAll(.memberLeft(id, .unlisted))] + describe(id)
    }

    /// Ends a member's place in the call, if it has one; the caller tells the others.
    mutating func exitCall(_ id: MemberID) -> [RoomEffect] {
        guard let index = members.index(forKey: id), let seat = members.values[index].seat else { return [] }
        members.values[index].seat = nil
        if !members.values[index].connections.isEmpty { members.values[index].absence = nil }
        callCount -= 1
        endedStays.removeValue(forKey: id)
        endedStays[id] = seat.stay
        if endedStays.count > Limits.remembered { endedStays.removeFirst() }
        return [.seatFreed(seat.network, relayUser: seat.relayUser)]
    }

    /// Frees a place where that is fair: of those who are away, a network that keeps several places loses one, that of who
    /// is away longest.
    ///
    /// So nobody locks a call with places where nobody is.
    private mutating func freeSeat() -> [RoomEffect] {
        let away = members.values.filter { $0.seat != nil && $0.seat?.connection == nil }
        let counts = Dictionary(away.compactMap { $0.seat.map { ($0.network, 1) } }, uniquingKeysWith: +)
        let candidates = away.filter { member in member.seat.map { counts[$0.network, default: 0] > 1 } ?? false }
        let longest = candidates.min { left, right in
            guard let left = left.absence?.deadline, let right = right.absence?.deadline else { return false }
            return left < right
        }
        guard let longest else { return [] }
        return leaveCall(longest.id)
    }

    private mutating func signal(
        from sender: Member,
        through connection: SocketID,
        to receiver: MemberID,
        _ byteCount: Int,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> [RoomEffect] {
        guard sender.seat?.connection == connection else { throw .notJoined }
        guard receiver != sender.id, let seat = members[receiver]?.seat else { throw .unknownMember }
        guard let target = seat.connection else { throw .peerAway }
        if let index = members.index(forKey: sender.id) {
            let wait = members.values[index].budgets[receiver, default: TokenBucket(Limits.pairBytes)]
                .take(byteCount, at: now)
            if let wait { throw .tooManyRequests(wait, .pairBytes) }
        }
        return [.pass(to: target)]
    }
}
