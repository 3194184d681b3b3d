import STUN
import Synchronization

/// The relayed transport addresses that are open at this moment, of all engines of a server.
///
/// Two clients of a server reach each other at them, wherever in the network the server stands. Which port one has is
/// left to chance, and the ports between belong to whatever else runs on the machine: so a range of ports says too
/// little about who is there. Asked when a peer at a relay address is named, and for what is sent there without a
/// channel; changed when a relay is opened or closed.
public final class OpenRelays: Sendable {
    private struct Relay: Hashable {
        let address: TransportAddress
        let transport: RelayEngine.RelayTransport
    }

    private let relays = Mutex<Set<Relay>>([])

    /// Makes a list without relays.
    public init() {}

    /// How many addresses there are; a relay behind a NAT has two.
    var count: Int { relays.withLock { $0.count } }

    /// Whether a relay has the address.
    func contains(_ address: TransportAddress, _ transport: RelayEngine.RelayTransport) -> Bool {
        relays.withLock { $0.contains(Relay(address: address, transport: transport)) }
    }

    /// Notes that a relay is open at each of the addresses.
    func insert(_ addresses: TransportAddress..., over transport: RelayEngine.RelayTransport) {
        relays.withLock { relays in
            for address in addresses { relays.insert(Relay(address: address, transport: transport)) }
        }
    }

    /// Notes that no relay is at any of the addresses any more.
    func remove(_ addresses: TransportAddress..., over transport: RelayEngine.RelayTransport) {
        relays.withLock { relays in
            for address in addresses { relays.remove(Relay(address: address, transport: transport)) }
        }
    }
}
