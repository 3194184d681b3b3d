import STUN

extension RelayEngine {
    /// RFC 8656 §8.2.
    mutating func refresh(
        _ slot: UInt32,
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        if let error = try refusalOfRefresh(slot, message) { return refuse(context, error) }
        let requested = try message.first(Lifetime.self)
        let family = try message.first(RequestedAddressFamily.self)
        guard requested?.seconds != 0 else {
            if let family = family?.family {
                end(slot, family)
            } else {
                end(slot)
            }
            return succeed(context) { writer throws(STUNError) in try writer.append(Lifetime(seconds: 0)) }
        }
        let granted = lifetime(requested, context, at: now)
        allocations[slot].expiry = now.uptime(after: granted)
        setTimer(of: slot, at: allocations[slot].expiry)
        let ticket = makeTicket(of: slot)
        return succeed(context) { writer throws(STUNError) in
            try writer.append(Lifetime(seconds: granted))
            if let ticket { try writer.append(ticket) }
        }
    }

    /// Why a Refresh can't be carried out; looked at before anything is changed.
    private func refusalOfRefresh(
        _ slot: UInt32,
        _ message: borrowing STUNMessage
    ) throws(STUNError) -> ErrorCode? {
        _ = try message.first(Lifetime.self)
        guard let requested = try message.first(RequestedAddressFamily.self) else { return nil }
        guard let family = requested.family, allocations[slot].relay(of: family) != nil else {
            return .peerAddressFamilyMismatch
        }
        return nil
    }

    /// RFC 8016 §3.2.2: a Refresh with a ticket from a flow without allocation moves the ticket's allocation there.
    ///
    /// The old flow is of no use from then on. A retransmission finds the allocation where it is, and gets the same
    /// answer as any other Refresh.
    mutating func move(
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        guard let ticket = try message.first(MobilityTicket.self) else { return refuse(context, .allocationMismatch) }
        guard configuration.allowsMobility else { return refuse(context, .mobilityForbidden) }
        guard let engine = MobilityTickets.engine(of: ticket) else { return refuse(context, .badRequest) }
        guard engine == index else {
            return Int(engine) < engines ? forward(context, to: Int(engine)) : refuse(context, .badRequest)
        }
        guard let claim = tickets.open(ticket), claim.slot < allocations.capacity,
            allocations[claim.slot].isLive, allocations[claim.slot].generation == claim.generation,
            let owner = owners[Int(claim.slot)], owner.moves == claim.moves
        else { return refuse(context, .badRequest) }
        guard owner.username == context.identity.username else { return refuse(context, .wrongCredentials) }
        let slot = claim.slot
        // A TCP relay's connections belong to the client's connection; it can't leave them behind.
        guard allocations[slot].transport == .udp else { return refuse(context, .mobilityForbidden) }
        if let error = try refusalOfRefresh(slot, message) { return refuse(context, error) }
        let former = allocations[slot].client
        noteEnd(slot)
        allocationsByClient.remove(former)
        if let forwarder = owner.forwardedBy { put(.released(former, to: forwarder)) }
        allocations[slot].client = context.client
        allocationsByClient.insert(slot, for: context.client)
        owners[Int(slot)]?.moves = claim.moves &+ 1
        owners[Int(slot)]?.forwardedBy = context.forwarder
        noteBegin(slot)
        return try refresh(slot, message, context, at: now)
    }

    /// A ticket for an allocation that may move.
    mutating func makeTicket(of slot: UInt32) -> MobilityTicket? {
        guard let moves = owners[Int(slot)]?.moves else { return nil }
        return tickets.make(
            MobilityTickets.Claim(slot: slot, generation: allocations[slot].generation, moves: moves),
            engine: index
        )
    }
}
