public import STUN

/// Which peers the relay sends to and hears from.
///
/// A relay stands inside the network of whoever runs it, and its users do not: without a policy it opens every
/// service of that network, and the metadata service of a cloud, to them. So all that is not the public Internet is
/// denied unless the operator allows it.
public struct PeerPolicy: Sendable {
    /// Denied unless allowed: what the IANA registries of special-purpose addresses (RFC 6890) keep out of the public
    /// Internet, multicast, and the ways of writing an IPv4 address in an IPv6 one that tunnels undo.
    public static let specialPurpose: [AddressRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32",
        "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ]

    /// Why a peer is not relayed to.
    public enum Refusal: String, Hashable, Sendable, CaseIterable {
        /// Nobody can be at port 0.
        case noPort
        /// The address is one that the server itself listens on: its clients' requests would come from the server.
        case ownListener
        /// The address, or an IPv4 address that it carries, is in a denied range.
        case denied
    }

    /// Who may be reached besides what is allowed by name.
    public enum Reach: String, Hashable, Sendable, CaseIterable {
        /// The relays of this server that are open, and nobody else.
        ///
        /// Enough for calls whose sides all have a relay here: ICE pairs the two.
        case ownRelays = "own"
        /// The public Internet as well.
        case `public`
    }

    /// Who may be reached besides what is allowed by name.
    public let reach: Reach
    private let allowed: [AddressRange]
    private let denied: [AddressRange]
    private let listeners: Set<TransportAddress>
    private let relayAddresses: Set<IPAddress>
    private let relayPorts: ClosedRange<UInt16>
    /// Which of those ports are ours at this moment; engines keep it.
    let relays: OpenRelays

    /// Makes a policy.
    /// - Parameters:
    ///   - reach: Who may be reached; the public Internet unless given.
    ///   - allowed: Ranges that are allowed although ``specialPurpose`` or `reach` denies them.
    ///   - denied: Ranges that are denied besides. Where one of these and an allowed one contain an address, the one
    ///     with the longer prefix counts, and of two equal ones the denied one.
    ///   - listeners: Where the server listens, each with each of its addresses; always denied.
    ///   - relayAddresses: The addresses that relayed transport addresses have, public and local; two clients of this
    ///     server may reach each other there, wherever in the network it stands.
    ///   - relayPorts: The ports of relayed transport addresses. One that no relay has is denied unless allowed: what
    ///     else has it on this machine takes what the server sends for its own, past any firewall.
    ///   - relays: Where relays are open; the same for all engines of a server. A new list unless given.
    public init(
        reach: Reach = .public,
        allowed: [AddressRange] = [],
        denied: [AddressRange] = [],
        listeners: Set<TransportAddress> = [],
        relayAddresses: Set<IPAddress> = [],
        relayPorts: ClosedRange<UInt16> = 49152...65535,
        relays: OpenRelays? = nil
    ) {
        self.reach = reach
        // What is asked about is never IPv4-mapped.
        self.allowed = allowed.map(\.unmapped)
        self.denied = denied.map(\.unmapped)
        self.listeners = listeners
        self.relayAddresses = relayAddresses
        self.relayPorts = relayPorts
        self.relays = relays ?? OpenRelays(ports: relayPorts)
    }

    /// Judges a peer; to be asked when it is named and again when something is sent.
    /// - Parameters:
    ///   - peer: The peer.
    ///   - transport: What the relay speaks with it; UDP unless given.
    /// - Returns: Why it is refused, or `nil` if it is not.
    public func refusal(of peer: TransportAddress, over transport: RelayEngine.RelayTransport = .udp) -> Refusal? {
        let peer = peer.unmapped
        if peer.port == 0 { return .noPort }
        if isOwnListener(peer) { return .ownListener }
        if isRelayPort(peer), relays.contains(peer, transport) { return nil }
        return isRelayPort(peer) && !isAllowed(peer.ip) ? .denied : refusal(of: peer.ip)
    }

    /// Judges the address of a peer, as a permission has no port (RFC 8656 §9).
    /// - Returns: Why it is refused, or `nil` if a port of it may be reached.
    public func refusal(ofAny address: IPAddress) -> Refusal? {
        let address = address.unmapped
        if relayAddresses.contains(address) { return nil }
        return refusal(of: address)
    }

    /// Whether some ports of a host may be reached and others not.
    func dependsOnPort(of address: IPAddress) -> Bool {
        if relayAddresses.contains(address) { return true }
        let names = ([address] + address.embeddedIPv4).map(\.canonicalLoopback)
        return listeners.contains { names.contains($0.ip) }
    }

    /// What a peer that may be reached depends on: the relay that it is, or nothing.
    func gate(of peer: TransportAddress, over transport: RelayEngine.RelayTransport = .udp) -> RelayGate? {
        isRelayPort(peer) && !isAllowed(peer.ip) ? relays.gate(of: peer, transport) : nil
    }

    /// Whether the server listens there, by any name of the machine: each of its addresses, all those of loopback, those
    /// that stand for the machine itself, and IPv4 addresses within IPv6 ones.
    private func isOwnListener(_ peer: TransportAddress) -> Bool {
        if listeners.contains(peer) { return true }
        return ([peer.ip] + peer.ip.embeddedIPv4).contains { ip in
            listeners.contains(TransportAddress(ip: ip.canonicalLoopback, port: peer.port))
        }
    }

    private func isRelayPort(_ peer: TransportAddress) -> Bool {
        relayPorts.contains(peer.port) && relayAddresses.contains(peer.ip)
    }

    private func refusal(of address: IPAddress) -> Refusal? {
        switch verdict(on: address) {
        case .allowed: return nil
        case .denied: return .denied
        case nil: break
        }
        guard reach == .public, !isSpecialPurpose(address) else { return .denied }
        for embedded in address.embeddedIPv4 {
            switch verdict(on: embedded) {
            case .allowed: continue
            case .denied: return .denied
            case nil: if isSpecialPurpose(embedded) { return .denied }
            }
        }
        return nil
    }

    private enum Verdict {
        case allowed
        case denied
    }

    /// What the operator has said of an address; the longer prefix says it.
    private func verdict(on address: IPAddress) -> Verdict? {
        let allowed = Self.longestPrefix(in: allowed, of: address)
        let denied = Self.longestPrefix(in: denied, of: address)
        guard max(allowed, denied) >= 0 else { return nil }
        return allowed > denied ? .allowed : .denied
    }

    private func isAllowed(_ address: IPAddress) -> Bool {
        verdict(on: address) == .allowed
    }

    /// -1 if no range contains the address.
    private static func longestPrefix(in ranges: [AddressRange], of address: IPAddress) -> Int {
        ranges.reduce(-1) { $1.contains(address) ? max($0, $1.prefixLength) : $0 }
    }

    private func isSpecialPurpose(_ address: IPAddress) -> Bool {
        Self.specialPurpose.contains { $0.contains(address) }
    }
}

extension IPAddress {
    /// The one of the addresses that reach the same services of this machine for which listeners are entered: 127.0.0.1
    /// for 127.0.0.0/8 and 0.0.0.0, ::1 for ::; any other address itself.
    fileprivate var canonicalLoopback: IPAddress {
        switch family {
        case .ipv4: isLoopback || low == 0 ? IPAddress(ipv4: 0x7F00_0001) : self
        case .ipv6: high == 0 && low == 0 ? IPAddress(ipv6High: 0, low: 1) : self
        }
    }
}
