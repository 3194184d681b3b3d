import HeapModule
import STUN

extension RelayEngine {
    /// How many times are kept at which something is to be looked at.
    var timerCount: Int { deadlines.count }

    /// What must be true between two calls, and is not; `nil` if all is well.
    ///
    /// For tests and for fuzzing: it looks at everything.
    func violatedInvariant() -> String? {
        var found = (relays: reservations.count, permissions: 0, bindings: 0, allocations: 0, flows: 0)
        for slot in 0..<UInt32(allocations.capacity) {
            guard allocations[slot].isLive else {
                guard owners[Int(slot)] == nil else { return "nobody's allocation has an owner" }
                continue
            }
            if let violation = violatedInvariant(of: slot) { return violation }
            found.allocations += 1
            found.flows += allocations[slot].isDetached ? 0 : 1
            found.permissions += Int(allocations[slot].permissionCount)
            found.bindings += Int(allocations[slot].bindingCount)
            found.relays += [AddressFamily.ipv4, .ipv6].count { allocations[slot].relay(of: $0) != nil }
        }
        guard found.allocations == allocations.count, found.flows == allocationsByClient.count else {
            return "flows and allocations differ"
        }
        guard slotsByUser.values.reduce(0, { $0 + $1.count }) == found.allocations else {
            return "a user has allocations that are not there"
        }
        guard found.permissions == permissions.count, found.permissions == permissionsByHost.count else {
            return "a permission belongs to no allocation"
        }
        guard found.bindings == bindings.count, found.bindings == bindingsByNumber.count,
            found.bindings == bindingsByPeer.count
        else { return "a channel belongs to no allocation" }
        if let pending {
            found.relays += pending.opened.count + (pending.opening == nil ? 0 : 1)
        }
        found.relays += outputs.count { if case .close = $0 { true } else { false } }
        guard found.relays == relays.count else { return "a relay belongs to no allocation and no reservation" }
        for reservation in reservations.values where relays[reservation.relay.index].allocation != Allocation.none {
            return "a reserved relay has an allocation"
        }
        for connection in peerConnections.values {
            guard connection.allocation < allocations.capacity, allocations[connection.allocation].isLive,
                allocations[connection.allocation].relay(of: connection.peer.family) != nil
            else { return "a connection has no relay" }
        }
        return nil
    }

    private func violatedInvariant(of slot: UInt32) -> String? {
        let allocation = allocations[slot]
        guard owners[Int(slot)] != nil else { return "an allocation has no owner" }
        guard allocationsByClient[allocation.client] == (allocation.isDetached ? nil : slot) else {
            return "an allocation is not found by its flow"
        }
        guard timers[Int(slot)] != 0, timers[Int(slot)] <= allocation.expiry else {
            return "nothing ends an allocation"
        }
        guard owners[Int(slot)].map({ slotsByUser[$0.account.user]?.contains(slot) == true }) == true else {
            return "an allocation is not found by its user"
        }
        let relays = [AddressFamily.ipv4, .ipv6].compactMap { allocation.relay(of: $0) }
        guard !relays.isEmpty, relays.allSatisfy({ self.relays[$0.index].allocation == slot }) else {
            return "a relay does not know its allocation"
        }
        var count = 0
        var index = allocation.firstPermission
        while index != Allocation.none {
            let key = permissions[index].key
            guard key.allocation == slot, permissionsByHost[key] == index, allocation.relay(of: key.host.family) != nil
            else { return "a permission is not found by its host" }
            count += 1
            index = permissions[index].next
        }
        guard count == allocation.permissionCount, count <= configuration.maximumPermissions else {
            return "permissions are miscounted"
        }
        count = 0
        index = allocation.firstBinding
        while index != Allocation.none {
            let binding = bindings[index]
            guard binding.key.allocation == slot, bindingsByNumber[binding.key] == index,
                bindingsByPeer[PeerKey(allocation: slot, peer: binding.peer)] == index,
                allocation.relay(of: binding.peer.family) == binding.relay
            else { return "a channel is not found by its number or its peer" }
            count += 1
            index = binding.next
        }
        guard count == allocation.bindingCount, count <= configuration.maximumChannels else {
            return "channels are miscounted"
        }
        return nil
    }
}
