/// The reserve as it was a moment ago.
///
/// To ask for the limit is a system call, which every connection would pay for; it changes once in the life of a process,
/// if at all.
struct RememberedReserve {
    /// How long it is not asked for again.
    static let lifetime = Duration.seconds(1)

    private var known: (reserve: DescriptorReserve, end: ContinuousClock.Instant)?

    /// The reserve, which `ask` tells when it is not known or no more.
    mutating func current(
        at now: ContinuousClock.Instant,
        ask: () -> DescriptorReserve
    ) -> DescriptorReserve {
        if let known, now < known.end { return known.reserve }
        let reserve = ask()
        known = (reserve, now + Self.lifetime)
        return reserve
    }
}
