/// Whether a client takes what waits for it, found out by a look now and then at how much it has taken.
package struct DeliveryWatch {
    private enum State {
        case idle
        /// Nothing more than `taken` was taken since.
        case watching(taken: Int, since: ContinuousClock.Instant, next: ContinuousClock.Instant)
    }

    /// How many looks there are within the time that a client may take nothing.
    private static let looks = 6

    private let timeout: Duration?
    private var state = State.idle

    /// Makes a watch.
    /// - Parameter timeout: How long a client may take nothing; for ever if `nil`.
    package init(timeout: Duration?) {
        self.timeout = timeout
    }

    /// When to look next.
    package var deadline: ContinuousClock.Instant? {
        guard case .watching(_, _, let next) = state else { return nil }
        return next
    }

    /// Something waits for the client.
    package mutating func begin(taken: Int, at now: ContinuousClock.Instant) {
        guard case .idle = state else { return }
        watch(taken: taken, since: now, at: now)
    }

    /// Looks at what the client has taken.
    /// - Parameters:
    ///   - taken: All the bytes that it ever took; `nil` when nothing waits for it.
    ///   - now: The time, which ``deadline`` has come to.
    /// - Returns: Whether it has taken nothing for too long.
    package mutating func look(taken: Int?, at now: ContinuousClock.Instant) -> Bool {
        guard case .watching(let before, var since, let next) = state, let timeout else { return false }
        guard let taken else {
            state = .idle
            return false
        }
        let lateness = next.duration(to: now)
        // While the process stood still nobody could take anything.
        if lateness > SessionMachine.usualLateness { since += lateness }
        if taken > before { since = now }
        if since.duration(to: now) >= timeout { return true }
        watch(taken: max(taken, before), since: since, at: now)
        return false
    }

    private mutating func watch(taken: Int, since: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        guard let timeout else { return }
        state = .watching(taken: taken, since: since, next: min(since + timeout, now + timeout / Self.looks))
    }
}
