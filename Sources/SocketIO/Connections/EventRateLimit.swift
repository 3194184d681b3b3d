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

    /// How often events may come on one connection, whatever their namespace; `nil` for no limit.
    ///
    /// Requests to join and to leave a namespace count too.
    public var rate: Rate?
    /// How many bytes of messages may come on one connection; without limit unless set.
    ///
    /// What a message costs grows with its size, so this bounds the time that a client can take from the others. With
    /// ``Policy/disconnect`` it is checked before a message is looked at; with ``Policy/drop`` it is read as far as
    /// needed to know where it ends, and its event is dropped. A message larger than the burst passes when nothing came
    /// before it, and others must wait the longer.
    public var bytes: Rate?
    /// What happens to those that come more often.
    public var policy: Policy

    /// Makes a limit.
    /// - Parameters:
    ///   - rate: How often events may come.
    ///   - bytes: How many bytes may come.
    ///   - policy: What happens past either of them.
    public init(_ rate: Rate?, bytes: Rate? = nil, policy: Policy = .disconnect) {
        self.rate = rate
        self.bytes = bytes
        self.policy = policy
    }
}

/// Holds one connection to an ``EventRateLimit``; on its loop.
final class EventGate {
    let limit: EventRateLimit
    private var bucket: TokenBucket?
    private var byteBucket: TokenBucket?
    /// Whether the message that is being read has more bytes than may come.
    private var isPastBytes = false

    init(_ limit: EventRateLimit) {
        self.limit = limit
        bucket = limit.rate.map { TokenBucket($0) }
        byteBucket = limit.bytes.map { TokenBucket($0) }
    }

    /// Whether a message of so many bytes may pass.
    func admit(_ byteCount: Int, at now: ContinuousClock.Instant) -> Bool {
        isPastBytes = byteBucket?.take(byteCount, at: now) != nil
        return !isPastBytes
    }

    /// Whether an event may pass.
    func admit(at now: ContinuousClock.Instant) -> Bool {
        !isPastBytes && bucket?.take(at: now) == nil
    }
}
