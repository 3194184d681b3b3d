import CLinuxUDP
import TURN

/// What one relay thread has done: numbers that the thread alone changes, and anybody may read at any time.
///
/// Each is stored and loaded whole, without a lock, so that counting costs the thread no more than an addition.
struct RelayCounters: Sendable {
    /// What is counted, besides drops.
    enum Counter: Int {
        /// Messages of clients that have arrived.
        case received
        /// Success responses.
        case answered
        /// Error responses that ask for a credential where none was shown.
        case challenged
        /// Other error responses.
        case refused
        /// Datagrams that went from clients to peers.
        case datagramsToPeers
        /// The bytes of their payload.
        case bytesToPeers
        /// Datagrams that went from peers to clients.
        case datagramsToClients
        /// The bytes of their payload.
        case bytesToClients
        /// Datagrams that the system did not take.
        case undelivered
        /// Messages that went to another thread.
        case forwarded
        /// Datagrams from peers that were dropped because a client's connection is slow.
        case congested
        /// Relayed addresses that were opened.
        case relaysOpened
        /// Relayed addresses that were closed.
        case relaysClosed
        /// Reports of the network that a datagram did not reach a peer; the last, see ``firstDrop``.
        case peersUnreachable
    }

    /// Where the counts of drops begin: behind the last of the others.
    private static var firstDrop: Int { Counter.peersUnreachable.rawValue + 1 }

    /// Where the counts of refusals begin.
    private static var firstRefusal: Int { firstDrop + RelayEngine.Drop.allCases.count }
    /// The codes that refusals have (RFC 8489 §14.8).
    static let refusals = 300..<600

    // The thread and the server both hold it; RelayThread frees it when neither does.
    private nonisolated(unsafe) let values: UnsafeMutablePointer<UInt64>

    /// Makes counters that are all zero; ``deallocate()`` frees them.
    static func allocate() -> RelayCounters {
        let count = firstRefusal + refusals.count
        let values = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        values.initialize(repeating: 0, count: count)
        return RelayCounters(values: values)
    }

    func deallocate() {
        values.deallocate()
    }

    /// Counts; the thread only.
    @inline(__always)
    func count(_ counter: Counter, _ increment: Int = 1) {
        udp_count(values + counter.rawValue, UInt64(truncatingIfNeeded: increment))
    }

    /// Counts something dropped; the thread only.
    @inline(__always)
    func count(_ drop: RelayEngine.Drop) {
        udp_count(values + Self.firstDrop + Int(drop.rawValue), 1)
    }

    /// Counts a refusal; the thread only.
    func count(refusal code: Int) {
        guard Self.refusals.contains(code) else { return }
        udp_count(values + Self.firstRefusal + code - Self.refusals.lowerBound, 1)
    }

    /// How many refusals there were of each code that there were any of.
    var refusals: [Int: Int] {
        var found: [Int: Int] = [:]
        for code in Self.refusals {
            let count = Int(udp_counted(values + Self.firstRefusal + code - Self.refusals.lowerBound))
            if count > 0 { found[code] = count }
        }
        return found
    }

    /// The number at this moment.
    subscript(_ counter: Counter) -> Int {
        Int(udp_counted(values + counter.rawValue))
    }

    /// The number at this moment.
    subscript(_ drop: RelayEngine.Drop) -> Int {
        Int(udp_counted(values + Self.firstDrop + Int(drop.rawValue)))
    }
}
