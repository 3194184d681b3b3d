import EngineIO
import HeapModule
import Networking
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
    /// Stays in the call that are over, and may come back all the same.
    var endedStays: OrderedDictionary<MemberID, EndedStay> = [:]
    /// When those who are away may be gone; entries of those who came back are still in it.
    var absences = Heap<Deadline>()
    /// When the others are told how many there are; `nil` when they know.
    var countDeadline: ContinuousClock.Instant?
    /// When hosts were told last who waits, and when they are told next; `nil` when they know.
    var waiting: (told: ContinuousClock.Instant?, deadline: ContinuousClock.Instant?)

    var listedCount = 0
    var callCount = 0
    private var lastHand = 0
    /// How many members each network has.
    var networks: [ClientNetwork: Int] = [:]
    private var budget = TokenBucket(Limits.roomBytes)
    private var announcements = TokenBucket(Limits.announcementBytes)
    private var reactions = TokenBucket(Limits.roomReactions)
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

    /// A stay in the call that is over.
    struct EndedStay: Sendable {
        var stay: Stay
        /// The peers that were told so; as many as a call has places, at most.
        var told: [MemberID]
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
        case .react(let reaction):
            return [.tellOthers(connection, .reaction(id, reaction))]
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
        case .lower(let other):
            return try lowerHands(of: other, by: member, at: now)
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
        case .react:
            if let wait = reactions.take(at: now) { throw .tooManyRequests(wait, .roomReactions) }
            try announce(Limits.reactionNotice, at: now)
        case .read, .clear, .signal, .lock, .settings, .admit, .deny, .role, .remove, .mute, .lower:
            break
        }
    }

    /// Counts so many bytes that all members are told of one, or fewer.
    mutating func announce(_ byteCount: Int, at now: ContinuousClock.Instant) throws(RequestError) {
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
