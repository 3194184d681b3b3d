import Logging
import ServiceLifecycle

/// Deletes what is not kept of the history, a slice at a time, so that nobody who says something waits long.
struct HistorySweep: Service {
    /// The time between two looks at what there is to delete: in it a room can't grow by more than a hundredth of what it
    /// may have.
    static let interval = Duration.seconds(60)

    /// How far the time of day may go from what the other clock says before nothing is taken for old.
    ///
    /// A clock that was set wrong would delete everything.
    static let largestJump = Duration.seconds(24 * 3600)

    private let store: any MessageStore
    private let limits: HistoryLimits
    private let logger: Logger

    /// Makes a sweep of a store.
    init(_ store: any MessageStore, limits: HistoryLimits, logger: Logger) {
        self.store = store
        self.limits = limits
        self.logger = logger
    }

    func run() async throws {
        let calendar = SweepCalendar(days: limits.days, at: .now, time: TimeOfDay.milliseconds)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // First the pause: the time of day of a machine that has just started may not be right yet.
                do { try await Task.sleep(for: Self.interval) } catch { return }
                let deleted = await sweep(before: calendar.oldest(at: .now, time: TimeOfDay.milliseconds))
                if deleted > 0 {
                    logger.info("Old chat messages were deleted", metadata: ["messages": "\(deleted)"])
                }
            }
        }
    }

    /// Deletes all that is not kept.
    /// - Parameter oldest: The time before which nothing is kept, in milliseconds since 1970; `nil` for none.
    /// - Returns: How many messages were deleted.
    func sweep(before oldest: Int64?) async -> Int {
        var sum = 0
        while !Task.isCancelled {
            let deleted = await store.sweep(before: oldest)
            guard deleted > 0 else { break }
            sum += deleted
        }
        return sum
    }
}

/// Says which messages are too old, by a time of day that is not to be trusted.
struct SweepCalendar: Sendable {
    /// How many milliseconds messages are kept; `nil` for ever.
    private let age: Int64?
    private let start: ContinuousClock.Instant
    private let startTime: Int64

    /// Begins to look at both clocks.
    /// - Parameters:
    ///   - days: How long messages are kept; `nil` for ever.
    ///   - now: The time by a clock that nobody sets.
    ///   - time: The time of day, in milliseconds since 1970.
    init(days: Int?, at now: ContinuousClock.Instant, time: Int64) {
        age = days.map { Int64(clamping: $0).multipliedReportingOverflow(by: 86_400_000) }
            .flatMap { $0.overflow ? nil : $0.partialValue }
        start = now
        startTime = time
    }

    /// The time before which messages are too old.
    /// - Returns: Milliseconds since 1970; `nil` when none is too old, or the time of day has jumped.
    func oldest(at now: ContinuousClock.Instant, time: Int64) -> Int64? {
        guard let age else { return nil }
        let passed = Int64(clamping: start.duration(to: now).components.seconds)
        let (difference, isFar) = time.subtractingReportingOverflow(startTime)
        let jump = isFar ? Int64.max : abs(difference / 1000 - passed)
        guard jump <= HistorySweep.largestJump.components.seconds else { return nil }
        let (oldest, isBeforeTime) = time.subtractingReportingOverflow(age)
        return isBeforeTime ? nil : oldest
    }
}
