/// How often something may happen: a steady rate, and how many at once after a pause.
public struct Rate: Sendable, Equatable {
    /// The steady rate.
    public var perSecond: Int
    /// How many in one instant.
    public var burst: Int

    /// Makes a rate.
    /// - Parameters:
    ///   - perSecond: The steady rate, at least one.
    ///   - burst: How many in one instant, at least one; as many as in a second unless given.
    public init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = burst ?? perSecond
        validate()
    }

    func validate() {
        precondition(perSecond > 0, "perSecond must be positive")
        precondition(burst > 0, "burst must be positive")
    }

    /// The time in which one token grows.
    public var interval: Duration { .seconds(1) / perSecond }
}

/// Holds a client to a ``Rate``.
///
/// A bucket starts with `burst` tokens, grows one each interval up to `burst` again, and each request takes one. It
/// is kept as a single instant, the one at which the bucket will be full again, so no token is lost to rounding.
public struct TokenBucket: Sendable {
    private let interval: Duration
    private let tolerance: Duration
    private var full: ContinuousClock.Instant?

    /// Makes a full bucket.
    public init(_ rate: Rate) {
        interval = rate.interval
        tolerance = rate.interval * (rate.burst - 1)
    }

    /// Whether all tokens are there.
    public func isFull(at now: ContinuousClock.Instant) -> Bool {
        full.map { $0 <= now } ?? true
    }

    /// Takes one token.
    /// - Returns: `nil` when there was one; otherwise how long it takes until there is, and none was taken.
    public mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        take(1, at: now)
    }

    /// Takes tokens; more than there are too, if there is one, so that what costs more than the burst can pass at all
    /// and the next has to wait for longer.
    /// - Returns: `nil` when they were taken; otherwise how long it takes until there is one.
    public mutating func take(_ count: Int, at now: ContinuousClock.Instant) -> Duration? {
        let full = max(full ?? now, now)
        let missing = now.duration(to: full)
        guard missing <= tolerance else { return missing - tolerance }
        self.full = full + interval * count
        return nil
    }
}
