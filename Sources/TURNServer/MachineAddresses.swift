import CLinuxUDP
import NIOCore
import STUN

/// The addresses of this machine's interfaces.
struct MachineAddresses: Hashable, Sendable {
    /// Each once: first those from which the machine reaches the Internet, then in the order of the interfaces.
    ///
    /// Without link-local IPv6 addresses, which need an interface named.
    let all: [IPAddress]

    /// Makes a list of known addresses.
    /// - Parameters:
    ///   - addresses: The addresses, in the order of the interfaces.
    ///   - sources: Those of them that routes to the Internet have.
    init(_ addresses: [IPAddress], sources: [IPAddress] = []) {
        var seen: Set<IPAddress> = []
        let first = sources.filter { addresses.contains($0) }
        all = (first + addresses).filter { !$0.isLinkLocalIPv6 && !$0.isUnspecified && seen.insert($0).inserted }
    }

    /// Asks the system.
    static func current() -> MachineAddresses {
        let devices = (try? System.enumerateDevices()) ?? []
        return MachineAddresses(
            devices.compactMap { $0.address.flatMap { TransportAddress($0)?.ip } },
            sources: internetHosts.compactMap { source(to: $0) }
        )
    }

    /// A public address of each family; nothing is sent there.
    private static let internetHosts = [
        IPAddress(ipv4: 0x0101_0101), IPAddress(ipv6High: 0x2606_4700_4700_0000, low: 0x1111),
    ]

    /// The address that what this machine sends to `host` comes from; `nil` without a route.
    private static func source(to host: IPAddress) -> IPAddress? {
        var peer = udp_address(TransportAddress(ip: host, port: 9))
        var source = udp_address()
        guard udp_source(&peer, &source) == 0 else { return nil }
        return IPAddress(source)
    }

    /// What a socket bound to `address` is reached at.
    func reached(at address: IPAddress) -> [IPAddress] {
        address.isUnspecified ? all.filter { $0.family == address.family } : [address]
    }

    /// Those that relays may have when nobody has said which: IPv4 first, since more peers have it.
    ///
    /// Loopback addresses are left out unless clients can come from nowhere else: a relay address is allowed as a peer,
    /// and services of this machine that rely on nobody else being there must not be reached through it. A machine whose
    /// network is not up yet has none; ``AddressWatcher`` sees when it is.
    /// - Parameter listening: What the server's sockets are bound to.
    /// - Returns: The addresses, in order of preference.
    func forRelays(listening: [IPAddress]) -> [IPAddress] {
        let isLocal = !listening.isEmpty && listening.allSatisfy(\.isLoopback)
        let chosen = all.filter { $0.isLoopback == isLocal }
        return chosen.filter { $0.family == .ipv4 } + chosen.filter { $0.family == .ipv6 }
    }

    /// The address that what comes for `publicAddress` arrives at.
    ///
    /// Itself, or, if the machine does not have it, as it belongs to a NAT that maps one to the other, the address of its
    /// family from which the machine reaches the Internet.
    func local(for publicAddress: IPAddress) -> IPAddress {
        if all.contains(publicAddress) { return publicAddress }
        return all.first { $0.family == publicAddress.family && !$0.isLoopback } ?? publicAddress
    }
}
