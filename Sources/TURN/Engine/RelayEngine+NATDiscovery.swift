import STUN

extension RelayEngine {
    /// The listener that is to answer a Binding request, and what the answer says of the server's addresses
    /// (RFC 5780 §6.1); `nil` where the request did not come to one of the four addresses by UDP.
    func natDiscovery(
        for change: ChangeRequest?,
        from client: FiveTuple
    ) -> (listener: ListenerID, addresses: BindingResponder.NATDiscovery)? {
        let reached = listeners[Int(client.listener.index)]
        let change = change ?? ChangeRequest(changesAddress: false, changesPort: false)
        let both = ChangeRequest(changesAddress: true, changesPort: true)
        guard reached.transport == .udp, let discovery = configuration.natDiscovery,
            let origin = discovery.address(from: reached.address, changedBy: change),
            let other = discovery.address(from: reached.address, changedBy: both),
            let listener = listeners.firstIndex(where: { $0.transport == .udp && $0.address == origin })
        else { return nil }
        return (ListenerID(index: UInt16(listener)), BindingResponder.NATDiscovery(origin: origin, other: other))
    }
}
