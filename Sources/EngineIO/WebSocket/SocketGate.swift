/// Holds sockets to ``ConnectionLimits``: TCP connections, before anything is known of them but where they come from.
package struct SocketGate {
    private let limits: ConnectionLimits
    private var count = 0
    private var counts: [ClientNetwork: Int] = [:]

    package init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// A connection was accepted.
    /// - Parameters:
    ///   - address: Where it comes from.
    ///   - isProxy: Whether it is a proxy's, which counts only with all others: it brings many clients.
    /// - Returns: Whether it may stay; then it counts until it leaves.
    package mutating func enter(from address: IPAddress?, isProxy: Bool) -> Bool {
        if let most = limits.maxSockets, count >= most { return false }
        if let most = limits.maxSocketsPerAddress, !isProxy, counts[.init(address), default: 0] >= most { return false }
        enterMoved(from: address, isProxy: isProxy)
        return true
    }

    /// A connection moved to another socket, which counts from now on.
    package mutating func enterMoved(from address: IPAddress?, isProxy: Bool) {
        count += 1
        if limits.maxSocketsPerAddress != nil, !isProxy { counts[.init(address), default: 0] += 1 }
    }

    /// A connection that had entered is closed.
    package mutating func leave(from address: IPAddress?, isProxy: Bool) {
        count -= 1
        guard limits.maxSocketsPerAddress != nil, !isProxy else { return }
        let origin = ClientNetwork(address)
        let rest = counts[origin, default: 1] - 1
        counts[origin] = rest > 0 ? rest : nil
    }
}
