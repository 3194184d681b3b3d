/// Tells what happens often in one line of the log for each period: the first time at once, and then how often it was.
package struct RepeatedNotice: Sendable {
    private let period: Duration
    private var next: ContinuousClock.Instant?
    private var untold = 0

    /// Makes a notice that nothing has happened of.
    /// - Parameter period: The least time between two lines; a minute unless given, so that a flood of a day is 1,440 lines.
    package init(period: Duration = .seconds(60)) {
        self.period = period
    }

    /// It happened.
    /// - Returns: How often it has since the last line, when it is time for another; `nil` otherwise.
    package mutating func happened(_ times: Int = 1, at now: ContinuousClock.Instant) -> Int? {
        untold += times
        if let next, now < next { return nil }
        next = now + period
        defer { untold = 0 }
        return untold
    }
}
