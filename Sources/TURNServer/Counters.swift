public import STUN
import Synchronization

/// What a server has done since it was made.
public struct Counters: Hashable, Sendable {
    /// Datagrams and stream messages that have arrived.
    public internal(set) var received = 0
    /// Requests that got a success response.
    public internal(set) var answered = 0
    /// Requests that got an error response.
    public internal(set) var refused = 0
    /// What got no response, by reason.
    public internal(set) var dropped: [BindingResponder.DropReason: Int] = [:]
    /// Responses, counted above as well, that the system did not take: no route, or a full buffer.
    public internal(set) var undelivered = 0
    /// TCP connections that were served.
    public internal(set) var connectionsAccepted = 0
    /// TCP connections that were closed at once, because there were too many.
    public internal(set) var connectionsRefused = 0
    /// TCP connections that were closed because no message came in time.
    public internal(set) var connectionsTimedOut = 0
    /// TCP connections that were closed because they carried something that is not STUN.
    public internal(set) var connectionsInvalid = 0
    /// TCP connections that were closed because the client did not read its responses.
    public internal(set) var connectionsCongested = 0

    /// Counts something that has arrived, and what the responder made of it.
    mutating func record(_ outcome: BindingResponder.OnReceive) {
        received += 1
        switch outcome {
        case .answer: answered += 1
        case .refuse: refused += 1
        case .drop(let reason): dropped[reason, default: 0] += 1
        }
    }
}

/// The counters of a server, shared by all its channels.
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
