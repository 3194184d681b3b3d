/// What carries STUN and TURN between a client and a server.
enum Transport: String, CaseIterable, Sendable {
    case udp
    case tcp
    case tls

    /// The name as people write it.
    var name: String { rawValue.uppercased() }

    /// Whether the network delivers everything, in order, or the connection ends.
    var isReliable: Bool { self != .udp }

    /// The protocol below, which firewalls know ports of.
    var portKind: String { self == .udp ? "UDP" : "TCP" }
}
