import FoundationEssentials

/// The time of day, which machines without a battery, and people, set to whatever they like.
enum TimeOfDay {
    /// Milliseconds since 1970; less than none before.
    static var milliseconds: Int64 { milliseconds(Date()) }

    /// Milliseconds since 1970 at a date, and the last or first that there is for one that is farther away.
    static func milliseconds(_ date: Date) -> Int64 {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded(.down)
        return Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max)
    }
}
