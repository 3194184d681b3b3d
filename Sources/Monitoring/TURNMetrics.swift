package import Prometheus
import TURN
package import TURNServer

extension Counters {
    /// The counters as metrics.
    package var samples: [MetricSample] {
        let single: [MetricSample] = [
            .init("turn_messages_received", .counter, value: received),
            .init("turn_requests_answered", .counter, value: answered),
            .init("turn_requests_challenged", .counter, value: challenged),
            .init("turn_datagrams_undelivered", .counter, value: undelivered),
            .init("turn_datagrams_congested", .counter, value: datagramsCongested),
            .init("turn_peers_unreachable", .counter, value: peersUnreachable),
            .init("turn_messages_forwarded", .counter, value: forwarded),
            .init("turn_allocations", .gauge, value: allocations),
            .init("turn_relays", .gauge, value: relays),
            .init("turn_relays_opened", .counter, value: relaysOpened),
            .init("turn_connections_accepted", .counter, value: connectionsAccepted),
        ]
        let directions: [MetricSample] = [
            .init("turn_datagrams", .counter, ("direction", "to-peers"), value: datagramsToPeers),
            .init("turn_datagrams", .counter, ("direction", "to-clients"), value: datagramsToClients),
            .init("turn_bytes", .counter, ("direction", "to-peers"), value: bytesToPeers),
            .init("turn_bytes", .counter, ("direction", "to-clients"), value: bytesToClients),
        ]
        let closes: [MetricSample] = [
            ("too-many", connectionsRefused), ("silent", connectionsTimedOut), ("no-tls", connectionsInsecure),
            ("not-turn", connectionsInvalid), ("congested", connectionsCongested),
        ].map { .init("turn_connections_closed", .counter, ("reason", $0.0), value: $0.1) }
        let refusals = refusals.map { code, count in
            MetricSample("turn_refusals", .counter, ("code", "\(code)"), value: count)
        }
        let drops = RelayEngine.Drop.allCases.map { reason in
            MetricSample("turn_drops", .counter, ("reason", "\(reason)"), value: dropped[reason, default: 0])
        }
        return single + directions + closes + refusals + drops
    }
}
