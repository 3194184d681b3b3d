import NIOCore
import STUN

/// The addresses of this machine's interfaces.
struct MachineAddresses: Sendable {
    /// Each once, in the order of the interfaces; without link-local IPv6 addresses, which need an interface named.
    let all: [IPAddress]

    /// Makes a list of known addresses.
    init(_ addresses: [IPAddress]) {
        var seen: Set<IPAddress> = []
        all = addresses.filter { !$0.isLinkLocalIPv6 && !$0.isUnspecified && seen.insert($0).inserted }
    }

    /// Asks the system.
    static func current() -> MachineAddresses {
        let devices = (try? System.enumerateDevices()) ?? []
        return MachineAddresses(devices.compactMap { $0.address.flatMap { TransportAddress($0)?.ip } })
    }

    /// What a socket bound to `address` is reached at.
    func reached(at address: IPAddress) -> [IPAddress] {
        address.isUnspecified ? all.filter { $0.family == address.family } : [address]
    }

    /// Those that relays may have when nobody has said which: IPv4 first, since more peers have it.
    ///
    /// Loopback addresses are left out unless clients can come from nowhere else: a relay address is allowed as a peer,
    /// and services of this machine that rely on nobody else being there must not be reached through it.
    /// - Parameter listening: What the server's sockets are bound to.
    /// - Returns: The addresses, in order of preference.
    func forRelays(listening: [IPAddress]) -> [IPAddress] {
        let outside = all.filter { !$0.isLoopback }
        let isLocal = !listening.isEmpty && listening.allSatisfy(\.isLoopback)
        let chosen = isLocal || outside.isEmpty ? all.filter(\.isLoopback) : outside
        return chosen.filter { $0.family == .ipv4 } + chosen.filter { $0.family == .ipv6 }
    }

    /// The address that what comes for `publicAddress` arrives at: itself, or, if the machine does not have it, the
    /// first of its family, as it belongs to a NAT that maps one to the other.
    func local(for publicAddress: IPAddress) -> IPAddress {
        if all.contains(publicAddress) { return publicAddress }
        return all.first { $0.family == publicAddress.family && !$0.isLoopback } ?? publicAddress
    }
}
