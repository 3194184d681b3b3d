/// How often something may happen: a steady rate, and how many at once after a pause.
struct Rate: Equatable, Sendable {
    /// The steady rate.
    var perSecond: Int
    /// How many in one instant; at least one.
    var burst: Int

    /// The time in which one token grows.
    var interval: Duration { .seconds(1) / perSecond }
}

/// Holds a client to a ``Rate``.
///
/// A bucket starts with `burst` tokens, grows one each interval up to `burst` again, and each request takes one. It
/// is kept as a single instant, the one at which the bucket will be full again, so no token is lost to rounding.
struct TokenBucket: Sendable {
    private let interval: Duration
    private let tolerance: Duration
    private var full: ContinuousClock.Instant?

    /// Makes a full bucket.
    init(_ rate: Rate) {
        interval = rate.interval
        tolerance = rate.interval * (rate.burst - 1)
    }

    /// Takes one token.
    /// - Returns: `nil` when there was one; otherwise how long it takes until there is, and none was taken.
    mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let full = max(full ?? now, now)
        let missing = now.duration(to: full)
        guard missing <= tolerance else { return missing - tolerance }
        self.full = full + interval
        return nil
    }
}

extension TokenBucket {
    /// Takes one token, or refuses the request.
    /// - Throws: `too-many-requests`, with the time to wait rounded up to tenths of a second.
    mutating func admit(at now: ContinuousClock.Instant) throws(RequestError) {
        guard let wait = take(at: now) else { return }
        let (seconds, attoseconds) = wait.components
        let tenths = seconds * 10 + (attoseconds + 99_999_999_999_999_999) / 100_000_000_000_000_000
        throw RequestError(
            code: .tooManyRequests,
            message: "Too many requests: try again in \(tenths / 10).\(tenths % 10) s."
        )
    }
}
