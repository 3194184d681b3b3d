import STUN

extension RelayEngine {
    /// RFC 8656 §9, in seconds.
    static let permissionLifetime = 300
    /// RFC 8656 §12, in seconds.
    static let channelLifetime = 600

    /// RFC 8656 §10.2: all the peers that are named get a permission, or none.
    mutating func createPermission(
        _ slot: UInt32,
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        var hosts: [IPAddress] = []
        var attributes = message.attributes
        while let attribute = attributes.next() {
            guard attribute.type == .xorPeerAddress else { continue }
            let host = try XORPeerAddress(decoding: attribute.value, in: message.transactionID).address.ip
            // One more than there may be says enough.
            if hosts.count <= configuration.maximumPermissions, !hosts.contains(host) { hosts.append(host) }
        }
        // The form of all comes first, then the families of all, then the policy.
        guard !hosts.isEmpty else { return refuse(context, .badRequest) }
        guard hosts.allSatisfy({ allocations[slot].relay(of: $0.family) != nil }) else {
            return refuse(context, .peerAddressFamilyMismatch)
        }
        for host in hosts {
            if let error = refusal(ofHost: host, slot) { return refuse(context, error) }
        }
        guard hasRoom(slot, forPermissionsOf: hosts, at: now) else { return refuse(context, .insufficientCapacity) }
        for host in hosts {
            permit(host, slot, at: now)
        }
        return succeed(context)
    }

    /// RFC 8656 §12.2, in its order.
    mutating func bindChannel(
        _ slot: UInt32,
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        guard let channel = try message.first(ChannelNumber.self),
            configuration.channelNumbers.contains(channel.number),
            let peer = try message.first(XORPeerAddress.self)?.address
        else { return refuse(context, .badRequest) }
        // RFC 6062 §4.1: TCP allocations have no channels.
        guard allocations[slot].transport == .udp else { return refuse(context, .badRequest) }
        let key = ChannelKey(allocation: slot, number: channel.number)
        let bound = bindingsByNumber[key].flatMap { bindings[$0].expiry > now.uptime ? $0 : nil }
        let other = bindingsByPeer[PeerKey(allocation: slot, peer: peer)].flatMap {
            bindings[$0].expiry > now.uptime ? $0 : nil
        }
        // The number stands for nobody else, and the peer has no other number.
        guard bound == other else { return refuse(context, .badRequest) }
        if let error = refusal(of: peer, slot) { return refuse(context, error) }
        if bound == nil { makeRoomForBinding(slot, key, peer, at: now) }
        guard bound != nil || Int(allocations[slot].bindingCount) < configuration.maximumChannels,
            hasRoom(slot, forPermissionsOf: [peer.ip], at: now)
        else { return refuse(context, .insufficientCapacity) }
        let expiry = now.uptime(after: Self.channelLifetime)
        if let bound {
            bindings[bound].expiry = expiry
            // Another relay may have the port by now, and it is the one that is meant.
            bindings[bound].gate = configuration.policy.gate(of: peer)
        } else if let relay = allocations[slot].relay(of: peer.family) {
            bind(key, to: peer, through: relay, until: expiry)
        }
        permit(peer.ip, slot, at: now)
        return succeed(context)
    }

    private mutating func bind(
        _ key: ChannelKey,
        to peer: TransportAddress,
        through relay: RelayID,
        until expiry: UInt64
    ) {
        let slot = key.allocation
        let index = bindings.insert(
            ChannelBinding(
                key: key,
                peer: peer,
                destination: destination(of: peer),
                relay: relay,
                expiry: expiry,
                next: allocations[slot].firstBinding,
                gate: configuration.policy.gate(of: peer)
            )
        )
        allocations[slot].firstBinding = index
        allocations[slot].bindingCount += 1
        bindingsByNumber.insert(index, for: key)
        bindingsByPeer.insert(index, for: PeerKey(allocation: slot, peer: peer))
    }

    /// Whether a peer may be sent to: RFC 8656 §12.2 and §21, and the operator's policy.
    func refusal(of peer: TransportAddress, _ slot: UInt32) -> ErrorCode? {
        if let error = refusal(ofHost: peer.ip, slot) { return error }
        return configuration.policy.refusal(of: peer, over: allocations[slot].transport) == nil ? nil : .forbidden
    }

    /// Whether a host may have a permission (RFC 8656 §10.2).
    private func refusal(ofHost host: IPAddress, _ slot: UInt32) -> ErrorCode? {
        guard allocations[slot].relay(of: host.family) != nil else { return .peerAddressFamilyMismatch }
        // Sockets never see the IPv4-mapped form, so a permission for it would be good for nothing but confusion.
        guard host.unmapped == host, configuration.policy.refusal(ofAny: host) == nil else { return .forbidden }
        return nil
    }

    /// Gives a host a permission, or extends the one that it has; there must be room.
    mutating func permit(_ host: IPAddress, _ slot: UInt32, at now: Moment) {
        let key = PermissionKey(allocation: slot, host: host)
        let expiry = now.uptime(after: Self.permissionLifetime)
        if let index = permissionsByHost[key] {
            permissions[index].expiry = expiry
            return
        }
        let index = permissions.insert(
            Permission(
                key: key,
                expiry: expiry,
                next: allocations[slot].firstPermission,
                dependsOnPort: configuration.policy.dependsOnPort(of: host)
            )
        )
        allocations[slot].firstPermission = index
        allocations[slot].permissionCount += 1
        permissionsByHost.insert(index, for: key)
    }

    private mutating func hasRoom(_ slot: UInt32, forPermissionsOf hosts: [IPAddress], at now: Moment) -> Bool {
        func needed() -> Int {
            let new = hosts.count { permissionsByHost[PermissionKey(allocation: slot, host: $0)] == nil }
            return Int(allocations[slot].permissionCount) + new
        }
        if needed() > configuration.maximumPermissions { sweep(slot, at: now) }
        return needed() <= configuration.maximumPermissions
    }

    /// Strikes out what has ended, if there is no room or the number or the peer is still entered.
    private mutating func makeRoomForBinding(
        _ slot: UInt32,
        _ key: ChannelKey,
        _ peer: TransportAddress,
        at now: Moment
    ) {
        if Int(allocations[slot].bindingCount) >= configuration.maximumChannels || bindingsByNumber[key] != nil
            || bindingsByPeer[PeerKey(allocation: slot, peer: peer)] != nil
        {
            sweep(slot, at: now)
        }
    }
}
