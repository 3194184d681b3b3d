import STUN

extension RelayEngine {
    /// How long a reserved port is kept, in seconds (RFC 8656 §7.2: 30 at least).
    private static let reservationTime = 30

    /// RFC 8656 §7.2, in its order.
    mutating func allocate(
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        if let slot = allocationsByClient[context.client] {
            // The same request again is answered again (§7.2, step 2).
            guard let owner = owners[Int(slot)], owner.transactionID == context.transactionID,
                owner.username == context.identity.username
            else { return refuse(context, .allocationMismatch) }
            return answerAllocated(slot, context, at: now)
        }
        guard let requested = try message.first(RequestedTransport.self) else { return refuse(context, .badRequest) }
        guard let transport = relayTransport(requested) else {
            return refuse(context, .unsupportedTransportProtocol)
        }
        let evenPort = try message.first(EvenPort.self)
        let token = try message.first(ReservationToken.self)
        if transport == .tcp {
            // RFC 6062 §5.1.
            guard listeners[Int(context.client.listener.index)].transport != .udp, evenPort == nil, token == nil,
                message.first(.dontFragment) == nil
            else { return refuse(context, .badRequest) }
        }
        let wantsTicket = try message.first(MobilityTicket.self) != nil
        guard !wantsTicket || configuration.allowsMobility else { return refuse(context, .mobilityForbidden) }
        let families: [AddressFamily]
        switch try self.families(of: message, evenPort, token) {
        case .success(let chosen): families = chosen
        case .failure(let refusal): return refuse(context, refusal.code)
        }
        if let token, engine(of: token.token) != index, engine(of: token.token) < engines {
            return forward(context, to: engine(of: token.token))
        }
        if let token, reservations[token.token]?.username != context.identity.username {
            return refuse(context, .insufficientCapacity)
        }
        // All that can be malformed is read before anything is counted.
        let lifetime = lifetime(try message.first(Lifetime.self), context, at: now)
        // A reserved port has been counted, and so is the one that is to be reserved: a user could keep any number of
        // ports by giving up the allocation of each.
        let places = token != nil ? 0 : evenPort?.reservesNext == true ? 2 : 1
        let account = token.flatMap { reservations[$0.token]?.account } ?? account(of: context)
        if let error = configuration.quotas.admit(account, places) { return refuse(context, error) }
        if let server = configuration.alternateServer, server.family == context.client.client.family {
            configuration.quotas.release(account, places)
            return refuse(context, .tryAlternate) { writer throws(STUNError) in
                try writer.append(AlternateServer(server))
            }
        }
        pending = PendingAllocation(
            context: context,
            account: account,
            places: places,
            lifetime: lifetime,
            transport: transport,
            evenPort: evenPort,
            wantsTicket: wantsTicket,
            families: families,
            ports: makePorts(evenPort)
        )
        if let token { takeReservation(token.token) }
        return openNext(at: now)
    }

    private func relayTransport(_ requested: RequestedTransport) -> RelayTransport? {
        switch requested {
        case .udp: .udp
        case .tcp: configuration.allowsTCPRelays ? .tcp : nil
        default: nil
        }
    }

    private struct Refusal: Error {
        let code: ErrorCode
    }

    /// Which families a request asks for; §7.2, steps 5 to 8.
    private func families(
        of message: borrowing STUNMessage,
        _ evenPort: EvenPort?,
        _ token: ReservationToken?
    ) throws(STUNError) -> Result<[AddressFamily], Refusal> {
        let requested = try message.first(RequestedAddressFamily.self)
        let additional = try additionalFamily(of: message)
        guard token == nil else {
            guard evenPort == nil, requested == nil, additional == nil else {
                return .failure(Refusal(code: .badRequest))
            }
            // The socket is open: there is none to be opened.
            return .success([])
        }
        guard requested == nil || additional == nil else { return .failure(Refusal(code: .badRequest)) }
        if let additional {
            guard additional.family == .ipv6, evenPort?.reservesNext != true else {
                return .failure(Refusal(code: .badRequest))
            }
            return .success([.ipv4, .ipv6])
        }
        if let requested {
            guard let family = requested.family, hasRelayAddress(family) else {
                return .failure(Refusal(code: .addressFamilyNotSupported))
            }
            return .success([family])
        }
        // RFC 8656 §7.2 asks for IPv4; browsers never ask for IPv6, and a host without IPv4 serves them all the same.
        guard let family = [AddressFamily.ipv4, .ipv6].first(where: { hasRelayAddress($0) }) else {
            return .failure(Refusal(code: .addressFamilyNotSupported))
        }
        return .success([family])
    }

    private func additionalFamily(
        of message: borrowing STUNMessage
    ) throws(STUNError) -> AdditionalAddressFamily? {
        if let family = try message.first(AdditionalAddressFamily.self) { return family }
        guard let draft = message.first(.draftAdditionalAddressFamily) else { return nil }
        return try AdditionalAddressFamily(decoding: draft.value, in: message.transactionID)
    }

    private func hasRelayAddress(_ family: AddressFamily) -> Bool {
        configuration.relayAddresses.contains { $0.local.family == family }
    }

    private func makePorts(_ evenPort: EvenPort?) -> PortOrder {
        PortOrder(
            configuration.relayPorts,
            onlyEven: evenPort != nil,
            leavesRoom: evenPort?.reservesNext == true
        )
    }

    /// The lifetime that is granted: between ten minutes and the maximum, but never beyond the credential (§7.2).
    func lifetime(_ requested: Lifetime?, _ context: RequestContext, at now: Moment) -> UInt32 {
        let wanted = max(Self.defaultLifetime, min(requested?.seconds ?? 0, configuration.maximumLifetime))
        guard configuration.endsWithCredentials, let expiry = context.identity.expiry else { return wanted }
        return min(wanted, expiry > now.unix ? expiry - now.unix : 0)
    }

    /// RFC 8656 §3.2, in seconds.
    private static let defaultLifetime: UInt32 = 600

    /// For whom a request counts: credentials that end are many, and whom they are for stands behind the time.
    func account(of context: RequestContext) -> QuotaAccount {
        let username = context.identity.username
        let user = context.identity.expiry == nil ? nil : TimeLimitedCredentials.identity(of: username)
        return QuotaAccount(user: user ?? username, client: context.client.client.ip)
    }

    /// Leaves a flow to the engine that has what it asks for; that one says when the flow is free again.
    ///
    /// What was handed on already is not handed on again, or two engines that take a flow for the other's would do so
    /// for ever; the client's next try goes from the first engine to the right one.
    mutating func forward(_ context: RequestContext, to engine: Int) -> OnReceive {
        guard context.forwarder == nil else { return refuse(context, .insufficientCapacity) }
        forwarding.insert(UInt32(truncatingIfNeeded: engine), for: context.client)
        return .forward(to: UInt8(truncatingIfNeeded: engine))
    }
}

extension RelayEngine {
    /// Opens the next socket of the pending allocation, or completes it.
    private mutating func openNext(at now: Moment) -> OnReceive {
        guard var pending else { return .done }
        guard let family = pending.families.first else { return complete(pending, at: now) }
        guard let address = relayAddress(family, for: pending.context.client) else {
            return failed(.addressFamilyNotSupported, at: now)
        }
        guard let port = pending.ports.next() else { return failed(.insufficientCapacity, at: now) }
        let relay = open(port, at: address, for: &pending)
        self.pending = pending
        return .open(relay, at: relays[relay.index].local, pending.transport)
    }

    private mutating func open(
        _ port: UInt16,
        at address: RelayConfiguration.RelayAddress,
        for pending: inout PendingAllocation
    ) -> RelayID {
        let relay = RelayID(
            index: relays.insert(
                Relay(
                    advertised: TransportAddress(ip: address.advertised, port: port),
                    local: TransportAddress(ip: address.local, port: port),
                    transport: pending.transport
                )
            )
        )
        pending.opening = relay
        return relay
    }

    private func relayAddress(_ family: AddressFamily, for client: FiveTuple) -> RelayConfiguration.RelayAddress? {
        let reached = listeners[Int(client.listener.index)].address.ip
        let addresses = configuration.relayAddresses
        return addresses.first { $0.local == reached && reached.family == family }
            ?? addresses.first { $0.local.family == family }
    }

    /// The socket that ``OnReceive/open(_:at:_:)`` asked for is open.
    public mutating func relayOpened(at now: Moment) -> OnReceive {
        guard var pending, let relay = pending.opening else { return .done }
        pending.opening = nil
        let opened = relays[relay.index]
        configuration.policy.relays.insert(opened.advertised, opened.local, over: opened.transport)
        switch pending.step {
        case .relay:
            pending.opened.append(relay)
            if pending.evenPort?.reservesNext == true {
                // RFC 8656 §7.2: the next higher port is kept for another allocation.
                pending.step = .reservation
                let address = RelayConfiguration.RelayAddress(opened.advertised.ip, local: opened.local.ip)
                let next = open(opened.local.port + 1, at: address, for: &pending)
                self.pending = pending
                return .open(next, at: relays[next.index].local, pending.transport)
            }
        case .reservation:
            pending.reservation = reserve(relay, for: pending.context, at: now)
        }
        pending.families.removeFirst()
        // The other family has all ports again.
        if !pending.families.isEmpty { pending.ports = makePorts(pending.evenPort) }
        self.pending = pending
        return openNext(at: now)
    }

    /// The socket that ``OnReceive/open(_:at:_:)`` asked for could not be opened.
    public mutating func relayNotOpened(_ failure: OpenFailure, at now: Moment) -> OnReceive {
        guard var pending, let relay = pending.opening else { return .done }
        pending.opening = nil
        relays.remove(relay.index, leaving: .vacant)
        if pending.step == .reservation, let even = pending.opened.popLast() {
            // Both ports or none.
            pending.step = .relay
            close(even)
        }
        self.pending = pending
        switch failure {
        case .portTaken: return openNext(at: now)
        case .unavailable: return failed(.insufficientCapacity, at: now)
        }
    }

    /// RFC 8656 §7.2: of two families one is enough, and the other is reported.
    private mutating func failed(_ error: ErrorCode, at now: Moment) -> OnReceive {
        guard var pending else { return .done }
        let family = pending.families.removeFirst()
        let isLastHope = pending.families.isEmpty && pending.opened.isEmpty
        guard !isLastHope else {
            self.pending = nil
            configuration.quotas.release(pending.account, pending.places)
            if let forwarder = pending.context.forwarder { releaseIfUnused(pending.context.client, by: forwarder) }
            return refuse(pending.context, pending.addressError?.error ?? error)
        }
        pending.addressError = AddressErrorCode(family, error)
        pending.ports = makePorts(pending.evenPort)
        self.pending = pending
        return openNext(at: now)
    }

    private mutating func complete(_ pending: PendingAllocation, at now: Moment) -> OnReceive {
        self.pending = nil
        var allocation = Allocation(
            client: pending.context.client,
            expiry: now.uptime(after: pending.lifetime),
            transport: pending.transport,
            generation: makeGeneration()
        )
        for relay in pending.opened {
            allocation.set(relay, of: relays[relay.index].local.family)
        }
        let slot = allocations.insert(allocation)
        for relay in pending.opened {
            relays[relay.index].allocation = slot
        }
        let owner = AllocationOwner(
            username: pending.context.identity.username,
            account: pending.account,
            transactionID: pending.context.transactionID,
            reservation: pending.reservation,
            addressError: pending.addressError,
            moves: pending.wantsTicket ? 0 : nil,
            forwardedBy: pending.context.forwarder
        )
        if owners.count <= Int(slot) {
            owners.append(nil)
            timers.append(0)
        }
        owners[Int(slot)] = owner
        slotsByUser[owner.account.user, default: []].insert(slot)
        allocationsByClient.insert(slot, for: pending.context.client)
        setTimer(of: slot, at: allocation.expiry)
        noteBegin(slot)
        return answerAllocated(slot, pending.context, at: now)
    }

    /// RFC 8656 §7.2: the success response.
    private mutating func answerAllocated(_ slot: UInt32, _ context: RequestContext, at now: Moment) -> OnReceive {
        let allocation = allocations[slot]
        let owner = owners[Int(slot)]
        let addresses = [AddressFamily.ipv4, .ipv6].compactMap { family in
            allocation.relay(of: family).map { relays[$0.index].advertised }
        }
        let ticket = makeTicket(of: slot)
        return succeed(context) { writer throws(STUNError) in
            for address in addresses {
                try writer.append(XORRelayedAddress(address))
            }
            try writer.append(Lifetime(seconds: allocation.secondsLeft(at: now)))
            try writer.append(XORMappedAddress(context.client.client))
            if let token = owner?.reservation { try writer.append(token) }
            if let error = owner?.addressError { try writer.append(error) }
            if let ticket { try writer.append(ticket) }
        }
    }
}

extension RelayEngine {
    /// Tokens carry the engine that knows them in their last byte.
    private func engine(of token: UInt64) -> Int {
        Int(token & 0xFF)
    }

    private mutating func reserve(_ relay: RelayID, for context: RequestContext, at now: Moment) -> ReservationToken {
        let token = UInt64.random(in: 0...(.max)) & ~0xFF | UInt64(index)
        reservations[token] = Reservation(
            relay: relay,
            username: context.identity.username,
            account: account(of: context)
        )
        schedule(.reservation(token), at: now.uptime(after: Self.reservationTime))
        return ReservationToken(token)
    }

    /// Gives the reserved socket to the pending allocation.
    private mutating func takeReservation(_ token: UInt64) {
        guard let reservation = reservations.removeValue(forKey: token) else { return }
        pending?.opened = [reservation.relay]
    }

    mutating func giveUpReservation(_ token: UInt64) {
        guard let reservation = reservations.removeValue(forKey: token) else { return }
        configuration.quotas.release(reservation.account)
        close(reservation.relay)
    }

    /// Closes a relay that belongs to no allocation any more; its number is free when the driver has been told.
    mutating func close(_ relay: RelayID) {
        let closed = relays[relay.index]
        configuration.policy.relays.remove(closed.advertised, closed.local, over: closed.transport)
        relays[relay.index] = .vacant
        put(.close(relay))
    }
}
