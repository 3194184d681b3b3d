import EngineIO

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
