import Locking
public import TURN

/// What a server has done since it was made.
public struct Counters: Hashable, Sendable {
    /// Messages of clients that have arrived: datagrams, and messages in streams.
    public internal(set) var received = 0
    /// Requests that got a success response.
    public internal(set) var answered = 0
    /// Requests without a credential that were asked for one (401), as each allocation begins.
    public internal(set) var challenged = 0
    /// Requests that got any other error response.
    public internal(set) var refused = 0
    /// The same by the code of the response (RFC 8489 §14.8, RFC 8656 §19): 486 for quotas, 508 for a full server.
    public internal(set) var refusals: [Int: Int] = [:]
    /// What was neither answered nor relayed, by reason.
    public internal(set) var dropped: [RelayEngine.Drop: Int] = [:]
    /// Datagrams, counted elsewhere as well, that the system did not take: no route, or a full buffer.
    public internal(set) var undelivered = 0

    /// Datagrams that went from clients to peers.
    public internal(set) var datagramsToPeers = 0
    /// The bytes of their payload.
    public internal(set) var bytesToPeers = 0
    /// Datagrams that went from peers to clients.
    public internal(set) var datagramsToClients = 0
    /// The bytes of their payload.
    public internal(set) var bytesToClients = 0
    /// Datagrams of peers that were dropped because the client does not read its connection fast enough.
    public internal(set) var datagramsCongested = 0
    /// Reports of the network that a datagram did not reach a peer.
    public internal(set) var peersUnreachable = 0
    /// Messages that were handed from one thread to another, because the client has changed its address.
    public internal(set) var forwarded = 0

    /// The allocations at this moment.
    public internal(set) var allocations = 0
    /// The relayed addresses at this moment: an allocation has one, or one for each family.
    public var relays: Int { relaysOpened - relaysClosed }
    /// The relayed addresses that were ever opened.
    public internal(set) var relaysOpened = 0
    /// Those of them that were closed again.
    public internal(set) var relaysClosed = 0

    /// TCP connections that were served.
    public internal(set) var connectionsAccepted = 0
    /// TCP connections that were closed at once, because there were too many.
    public internal(set) var connectionsRefused = 0
    /// TCP connections that were closed because no message came in time.
    public internal(set) var connectionsTimedOut = 0
    /// TCP connections on which TLS could not be agreed upon.
    public internal(set) var connectionsInsecure = 0
    /// TCP connections that were closed because they carried something that is neither STUN nor TURN.
    public internal(set) var connectionsInvalid = 0
    /// TCP connections that were closed because the client did not read its responses.
    public internal(set) var connectionsCongested = 0

    /// Adds what a thread has done.
    mutating func add(_ thread: RelayCounters) {
        received += thread[.received]
        answered += thread[.answered]
        challenged += thread[.challenged]
        refused += thread[.refused]
        refusals.merge(thread.refusals) { $0 + $1 }
        undelivered += thread[.undelivered]
        datagramsToPeers += thread[.datagramsToPeers]
        bytesToPeers += thread[.bytesToPeers]
        datagramsToClients += thread[.datagramsToClients]
        bytesToClients += thread[.bytesToClients]
        datagramsCongested += thread[.congested]
        peersUnreachable += thread[.peersUnreachable]
        forwarded += thread[.forwarded]
        relaysOpened += thread[.relaysOpened]
        relaysClosed += thread[.relaysClosed]
        for reason in RelayEngine.Drop.allCases where thread[reason] > 0 {
            dropped[reason, default: 0] += thread[reason]
        }
    }
}

/// The counters of a server's connections, shared by all of them.
final class CounterStore: Sendable {
    private let counters = Mutex(Counters())

    /// The counters at this moment.
    var current: Counters {
        counters.withLock { $0 }
    }

    /// Counts something.
    func update(_ change: (inout Counters) -> Void) {
        counters.withLock { change(&$0) }
    }
}
