import FoundationEssentials

/// Dates as JavaScript's `toJSON` writes them: ISO 8601, UTC, with milliseconds.
enum JavaScriptDate {
    private static let withMilliseconds = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let withSeconds = Date.ISO8601FormatStyle()
    /// The years 1 to 9999, which have four digits and begin after March 1 of the year 0.
    private static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// Writes a date; `nil` for one that has no four-digit year.
    static func string(_ date: Date) -> String? {
        Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()).flatMap(string(milliseconds:))
    }

    /// Writes the date that is so many milliseconds after the beginning of 1970; `nil` outside the four-digit years.
    ///
    /// Not with Foundation's format, which cuts off the fraction that most milliseconds lack as a `Double`, and counts
    /// by the Julian calendar before 1582.
    static func string(milliseconds: Int64) -> String? {
        guard range.contains(milliseconds) else { return nil }
        let sinceMarch0 = milliseconds + 719_468 * 86_400_000
        let (year, month, day) = date(daysSinceMarch0: sinceMarch0 / 86_400_000)
        let time = sinceMarch0 % 86_400_000
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60].map { padded($0, 2) }
        return [padded(year, 4), padded(month, 2), padded(day, 2)].joined(separator: "-")
            + "T" + clock.joined(separator: ":") + "." + padded(time % 1000, 3) + "Z"
    }

    /// The date in the Gregorian calendar that is so many days after March 1 of the year 0.
    private static func date(daysSinceMarch0 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years that begin in March have their leap day at the end.
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (era * 400 + yearOfEra + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Reads a date with or without fraction of a second.
    static func date(_ text: String) throws -> Date {
        if let date = try? Date(text, strategy: withMilliseconds) { return date }
        return try Date(text, strategy: withSeconds)
    }
}
