public import EngineIO

/// How often a client may send events, and what happens when it does so more often.
public struct EventRateLimit: Sendable, Equatable {
    /// What happens to a client that sends too often.
    public enum Policy: Sendable, Equatable {
        /// Its events are dropped and counted; a client that waits for an acknowledgement gets none.
        case drop
        /// Its connection is closed with ``DisconnectReason/rateLimited``.
        case disconnect
    }

    /// How often events may come on one connection, whatever their namespace; requests to join one count too.
    public var rate: Rate
    /// What happens to those that come more often.
    public var policy: Policy

    /// Makes a limit.
    public init(_ rate: Rate, policy: Policy = .disconnect) {
        self.rate = rate
        self.policy = policy
    }
}

/// Holds one connection to an ``EventRateLimit``; on its loop.
final class EventGate {
    let limit: EventRateLimit
    private var bucket: TokenBucket

    init(_ limit: EventRateLimit) {
        self.limit = limit
        bucket = TokenBucket(limit.rate)
    }

    /// Whether an event may pass.
    func admit(at now: ContinuousClock.Instant) -> Bool {
        bucket.take(at: now) == nil
    }
}
