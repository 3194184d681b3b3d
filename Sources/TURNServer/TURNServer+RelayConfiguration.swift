import Listening
import STUN
import TURN

extension TURNServer.Configuration {
    /// Makes what knows the users.
    /// - Parameter revoked: Who is not known any more.
    /// - Returns: What checks requests; `nil` if there can be no users.
    /// - Throws: `STUNError` if the realm is too long.
    func makeAuthenticator(revoked: RevokedUsers = RevokedUsers()) throws -> Authenticator? {
        guard relays else { return nil }
        var sources: [any CredentialProvider] = []
        if !users.isEmpty {
            sources.append(StaticCredentials(users, realm: realm))
        }
        if !secrets.isEmpty {
            sources.append(TimeLimitedCredentials(secrets: secrets))
        }
        return Authenticator(
            realm: try Realm(realm),
            nonces: NonceIssuer(),
            providers: sources + providers,
            revoked: revoked
        )
    }

    /// How many allocations there may be.
    /// - Parameter reserve: What the process keeps of its descriptors.
    /// - Returns: The quota; 0 for any number.
    func makeTotalQuota(reserve: DescriptorReserve) -> Int {
        totalQuota ?? max(min(relayPorts.count * 3 / 4, reserve.limit - reserve.count), 1)
    }

    /// How many TCP and TLS connections there may be.
    /// - Parameter reserve: What the process keeps of its descriptors.
    /// - Returns: The limit.
    func makeMaximumConnections(reserve: DescriptorReserve) -> Int {
        maximumConnections ?? max(min((reserve.limit - reserve.count) / 2, 16_384), 1)
    }

    /// What the engines of a server that listens are told.
    /// - Parameters:
    ///   - authenticator: Who knows the users.
    ///   - quotas: Count for all engines.
    ///   - listening: Where the server's sockets are bound, all ports.
    ///   - discovery: The four addresses for NAT discovery, if they are bound.
    ///   - machine: The machine's addresses.
    ///   - relays: Where relays are open; the list of all policies of a server.
    /// - Returns: The configuration, the same for all engines.
    func relayConfiguration(
        authenticator: Authenticator?,
        quotas: AllocationQuotas,
        listening: [TransportAddress],
        discovery: NATDiscoveryAddresses?,
        machine: MachineAddresses,
        relays: OpenRelays? = nil
    ) -> RelayConfiguration {
        var relay = RelayConfiguration()
        relay.relayAddresses = makeRelayAddresses(listening: listening, machine: machine)
        relay.relayPorts = relayPorts
        relay.authenticator = authenticator
        relay.quotas = quotas
        relay.policy = PeerPolicy(
            reach: relayPeers ?? .public,
            allowed: allowedPeers,
            denied: deniedPeers,
            listeners: ownServices(listening: listening, relays: relay.relayAddresses, machine: machine),
            relayAddresses: Set(relay.relayAddresses.flatMap { [$0.advertised, $0.local] }),
            relayPorts: relayPorts,
            relays: relays
        )
        relay.endsWithCredentials = endsWithCredentials
        relay.allowsTCPRelays = allowsTCPRelays
        relay.allowsMobility = mobility
        relay.requiresPermissionForChannels = strictPermissions
        relay.channelNumbers = strictPermissions ? ChannelNumber.range : ChannelNumber.formerRange
        relay.alternateServer = alternateServer
        relay.natDiscovery = discovery
        relay.maximumBytesPerSecond = maximumBytesPerSecond
        relay.unauthenticatedRate = unauthenticatedRate
        return relay
    }

    /// Where this program is reached: also where a NAT sends what comes for a public address back to it.
    private func ownServices(
        listening: [TransportAddress],
        relays: [RelayConfiguration.RelayAddress],
        machine: MachineAddresses
    ) -> Set<TransportAddress> {
        let others = machine.all.flatMap { ip in otherPorts.map { TransportAddress(ip: ip, port: $0) } }
        return Set(
            (listening + others).flatMap { service in
                let local = machine.reached(at: service.ip)
                let advertised = relays.filter { local.contains($0.local) }.map(\.advertised)
                return (local + advertised).map { TransportAddress(ip: $0, port: service.port) }
            }
        )
    }

    private func makeRelayAddresses(
        listening: [TransportAddress],
        machine: MachineAddresses
    ) -> [RelayConfiguration.RelayAddress] {
        guard relayAddresses.isEmpty else {
            return relayAddresses.map {
                RelayConfiguration.RelayAddress(
                    $0.publicAddress,
                    local: $0.localAddress ?? machine.local(for: $0.publicAddress)
                )
            }
        }
        return machine.forRelays(listening: listening.map(\.ip)).map { RelayConfiguration.RelayAddress($0) }
    }
}
