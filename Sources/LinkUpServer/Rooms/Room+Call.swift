import EngineIO
import OrderedCollections

// Who is in the call, and whom signals reach.
extension Room {
    mutating func enterCall(
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
            return (.entered(relayUser: seat.relayUser, forgottenBy: []), effects)
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
        let ended = endedStays.removeValue(forKey: id)
        let forgottenBy = ended?.stay == entry.stay ? ended?.told.filter { members[$0]?.seat != nil } : nil
        return (
            .entered(relayUser: entry.relayUser, forgottenBy: forgottenBy ?? []), effects + [.seatTaken(network)]
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
        // Who is away is told nothing: its connection to this stay may have gone on all the while.
        let told = members.values.filter { $0.seat?.connection != nil }.map(\.id)
        endedStays[id] = EndedStay(stay: seat.stay, told: told)
        if endedStays.count > Limits.remembered { endedStays.removeFirst() }
        return [.seatFreed(seat.network, relayUser: seat.relayUser)]
    }

    /// Frees a place where that is fair: of those who are away, a network that keeps several places loses one, that of who
    /// is away longest.
    ///
    /// So nobody locks a call with places where nobody is.
    mutating func freeSeat() -> [RoomEffect] {
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

    mutating func signal(
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
