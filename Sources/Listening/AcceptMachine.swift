/// Decides about the connections that a listener accepts: whether each may stay, and when to go on after one that may not.
struct AcceptMachine: ~Copyable {
    /// How long nothing is accepted after a connection that had to be refused: at most so many times a second, and a
    /// handful each time.
    static let pauseAfterRefusal = Duration.milliseconds(100)
    /// How long nothing is accepted when the system gives out no descriptor, in which case nobody can be refused either.
    static let pauseAfterFailure = Duration.seconds(1)

    private var resumption: ContinuousClock.Instant?
    private var notice = RepeatedNotice()

    enum OnAccepted: Equatable {
        /// The connection is served.
        case serve
        /// It is closed.
        /// - Parameter notice: How many were since the last line of the log, when it is time for one.
        case refuse(notice: Int?)
    }

    /// A connection was accepted.
    /// - Parameters:
    ///   - isSpare: Whether the process has descriptors to spare.
    ///   - now: The time.
    /// - Returns: What becomes of it.
    mutating func accepted(isSpare: Bool, at now: ContinuousClock.Instant) -> OnAccepted {
        guard !isSpare else { return .serve }
        resumption = max(resumption ?? now, now + Self.pauseAfterRefusal)
        return .refuse(notice: notice.happened(at: now))
    }

    /// The system gave no descriptor for a connection that waits.
    /// - Returns: How often that was, or connections were refused, since the last line of the log, when it is time for one.
    mutating func failed(at now: ContinuousClock.Instant) -> Int? {
        resumption = now + Self.pauseAfterFailure
        return notice.happened(at: now)
    }

    /// When connections may be accepted again; `nil` if that is now.
    mutating func pause(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let resumption else { return nil }
        guard resumption <= now else { return resumption }
        self.resumption = nil
        return nil
    }
}
