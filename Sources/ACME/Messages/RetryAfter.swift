public import FoundationEssentials

/// The field `Retry-After` (RFC 9110 §10.2.3), and dates of HTTP.
public enum RetryAfter {
    /// Reads the field.
    /// - Parameters:
    ///   - text: Seconds, or a date.
    ///   - now: The time, which a date is taken from.
    /// - Returns: How long to wait, zero at least; `nil` if it is neither.
    public static func duration(_ text: String?, at now: Date) -> Duration? {
        guard let text, text.utf8.count <= 64 else { return nil }
        // Ten digits are three hundred years.
        if (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(text)
        {
            return .seconds(seconds)
        }
        guard let date = date(text) else { return nil }
        return .seconds(max(0, date.timeIntervalSince(now)))
    }

    /// Reads a date as HTTP sends it, `Sun, 06 Nov 1994 08:49:37 GMT`; the two forms that are obsolete are not read.
    public static func date(_ text: String?) -> Date? {
        guard let text, text.utf8.count == 29, text.hasSuffix(" GMT") else { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, let day = number(parts[1], in: 1...31),
            let month = months.firstIndex(of: String(parts[2])), let year = number(parts[3], in: 1970...9999)
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], in: 0...23), let minute = number(clock[1], in: 0...59),
            let second = number(clock[2], in: 0...60)
        else { return nil }
        let days = daysSince1970(year: year, month: month + 1, day: day)
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3_600 + minute * 60 + second))
    }

    private static func number(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }

    /// Days of the Gregorian calendar, counted in years that begin with March, so that a leap day is the last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let leaps = shifted.0 / 4 - shifted.0 / 100 + shifted.0 / 400
        // 719468 days lie between 0000-03-01 and 1970-01-01.
        return shifted.0 * 365 + leaps + (153 * shifted.1 + 2) / 5 + day - 1 - 719_468
    }
}
