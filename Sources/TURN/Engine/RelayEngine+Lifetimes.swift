import STUN

extension Allocation {
    /// How long the allocation lasts, in whole seconds, rounded up: what was granted a moment ago is said again.
    func secondsLeft(at now: Moment) -> UInt32 {
        guard expiry > now.uptime else { return 0 }
        return UInt32(clamping: (expiry - now.uptime + 999_999_999) / 1_000_000_000)
    }
}

extension RelayEngine {
    /// Has the engine look at an allocation no later than `uptime`.
    mutating func setTimer(of slot: UInt32, at uptime: UInt64) {
        let current = timers[Int(slot)]
        guard current == 0 || uptime < current else { return }
        timers[Int(slot)] = uptime
        schedule(.allocation(slot), at: uptime)
    }

    /// Ends an allocation whose time has come, or what has ended of it.
    ///
    /// Whether something is still good is decided where it is used; here its memory is given back. An extension
    /// therefore moves no timer.
    mutating func lookAfter(_ slot: UInt32, at now: Moment) {
        guard allocations[slot].expiry > now.uptime else {
            end(slot)
            return
        }
        setTimer(of: slot, at: min(allocations[slot].expiry, sweep(slot, at: now)))
    }

    /// Strikes out the permissions and channels that have ended.
    /// - Returns: When the next of them ends.
    @discardableResult
    mutating func sweep(_ slot: UInt32, at now: Moment) -> UInt64 {
        var next = UInt64.max
        filterPermissions(of: slot) { permission in
            guard permission.expiry > now.uptime else { return false }
            next = min(next, permission.expiry)
            return true
        }
        filterBindings(of: slot) { binding in
            guard binding.expiry > now.uptime else { return false }
            next = min(next, binding.expiry)
            return true
        }
        return next
    }

    /// Ends an allocation and all that belongs to it.
    mutating func end(_ slot: UInt32) {
        filterPermissions(of: slot) { _ in false }
        filterBindings(of: slot) { _ in false }
        endConnections(of: slot)
        for family in [AddressFamily.ipv4, .ipv6] {
            if let relay = allocations[slot].relay(of: family) { close(relay) }
        }
        let client = allocations[slot].client
        allocationsByClient.remove(client)
        noteEnd(slot)
        if let owner = owners[Int(slot)] {
            configuration.quotas.release(owner.account)
            strikeOut(slot, of: owner.account.user)
            if let forwarder = owner.forwardedBy { put(.released(client, to: forwarder)) }
        }
        owners[Int(slot)] = nil
        allocations.remove(slot, leaving: .vacant)
    }

    /// Tells whoever serves the client's connection, if there is one, that the client has an allocation.
    mutating func noteBegin(_ slot: UInt32) {
        let client = allocations[slot].client
        if isOnConnection(client) { put(.began(client)) }
    }

    /// Tells whoever serves the client's connection, if there is one, that the client has no allocation any more.
    mutating func noteEnd(_ slot: UInt32) {
        let client = allocations[slot].client
        if !allocations[slot].isDetached, isOnConnection(client) { put(.ended(client)) }
    }

    /// Ends all allocations of a user whose credentials are not good any more.
    public mutating func endAllocations(of revoked: RevokedUser) {
        let user =
            switch revoked {
            case .name(let name): TimeLimitedCredentials.identity(of: name) ?? name
            case .identity(let identity): identity
            }
        for slot in slotsByUser[user] ?? [] {
            guard let owner = owners[Int(slot)] else { continue }
            let isMeant =
                switch revoked {
                case .name(let name): owner.username == name
                case .identity: TimeLimitedCredentials.identity(of: owner.username) == user
                }
            if isMeant { end(slot) }
        }
    }

    private mutating func strikeOut(_ slot: UInt32, of user: String) {
        slotsByUser[user]?.remove(slot)
        if slotsByUser[user]?.isEmpty == true { slotsByUser[user] = nil }
    }

    /// Gives up the relayed address of one family, and the allocation with the last.
    mutating func end(_ slot: UInt32, _ family: AddressFamily) {
        guard let relay = allocations[slot].relay(of: family) else { return }
        allocations[slot].set(nil, of: family)
        let others = [AddressFamily.ipv4, .ipv6].compactMap { allocations[slot].relay(of: $0) }
        close(relay)
        guard !others.isEmpty else {
            end(slot)
            return
        }
        endConnections(of: slot, family)
        filterPermissions(of: slot) { $0.key.host.family != family }
        filterBindings(of: slot) { $0.peer.family != family }
    }

    /// A client's connection is closed: its allocation ends with it (RFC 8656 §7), unless the client has a ticket to
    /// come back with (RFC 8016 §1), until the allocation expires.
    public mutating func clientDisconnected(_ client: FiveTuple) {
        if let slot = allocationsByClient[client] {
            if owners[Int(slot)]?.moves != nil, allocations[slot].transport == .udp {
                detach(slot)
            } else {
                end(slot)
            }
        }
        clientOfPeerDisconnected(client)
    }

    /// Leaves an allocation without a flow: nobody has port 0, so that what peers send reaches nobody.
    private mutating func detach(_ slot: UInt32) {
        let client = allocations[slot].client
        allocationsByClient.remove(client)
        if let forwarder = owners[Int(slot)]?.forwardedBy { put(.released(client, to: forwarder)) }
        owners[Int(slot)]?.forwardedBy = nil
        let nobody = TransportAddress(ip: client.client.ip, port: 0)
        allocations[slot].client = FiveTuple(client: nobody, listener: client.listener)
    }

    /// Strikes out what the policy allows no more.
    mutating func judgePeersAgain(_ slot: UInt32) {
        let policy = configuration.policy
        let transport = allocations[slot].transport
        filterPermissions(of: slot) { policy.refusal(ofAny: $0.key.host) == nil }
        filterBindings(of: slot) { policy.refusal(of: $0.peer, over: transport) == nil }
        var index = allocations[slot].firstPermission
        while index != Allocation.none {
            permissions[index].dependsOnPort = policy.dependsOnPort(of: permissions[index].key.host)
            index = permissions[index].next
        }
        index = allocations[slot].firstBinding
        while index != Allocation.none {
            // One that has a gate keeps it: whoever has the port now may be another than was meant.
            if bindings[index].gate == nil { bindings[index].gate = policy.gate(of: bindings[index].peer) }
            index = bindings[index].next
        }
    }

    private mutating func filterPermissions(of slot: UInt32, _ keeps: (Permission) -> Bool) {
        var previous = Allocation.none
        var index = allocations[slot].firstPermission
        while index != Allocation.none {
            let permission = permissions[index]
            if keeps(permission) {
                previous = index
            } else {
                if previous == Allocation.none {
                    allocations[slot].firstPermission = permission.next
                } else {
                    permissions[previous].next = permission.next
                }
                allocations[slot].permissionCount -= 1
                permissionsByHost.remove(permission.key)
                permissions.remove(index, leaving: .vacant)
            }
            index = permission.next
        }
    }

    private mutating func filterBindings(of slot: UInt32, _ keeps: (ChannelBinding) -> Bool) {
        var previous = Allocation.none
        var index = allocations[slot].firstBinding
        while index != Allocation.none {
            let binding = bindings[index]
            if keeps(binding) {
                previous = index
            } else {
                if previous == Allocation.none {
                    allocations[slot].firstBinding = binding.next
                } else {
                    bindings[previous].next = binding.next
                }
                allocations[slot].bindingCount -= 1
                bindingsByNumber.remove(binding.key)
                bindingsByPeer.remove(PeerKey(allocation: slot, peer: binding.peer))
                bindings.remove(index, leaving: .vacant)
            }
            index = binding.next
        }
    }
}
