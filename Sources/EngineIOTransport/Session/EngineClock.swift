/// Where a server takes the time from; tests have one that they set by hand.
struct EngineClock: Sendable {
    /// The time of the machine.
    static let continuous = Self { .now }

    let now: @Sendable () -> ContinuousClock.Instant
}
