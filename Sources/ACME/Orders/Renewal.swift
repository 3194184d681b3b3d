public import FoundationEssentials

/// Decides when the next certificate is asked for.
///
/// It goes by the time of day, which may be wrong and be set right: a driver asks ``wait(at:)`` again after no more than
/// ``longestWait``, and when a try has ended says so.
public struct Renewal: Sendable {
    /// How a certificate stands to the time.
    public enum Standing: Equatable, Sendable {
        /// There is none.
        case none
        /// It is good.
        case good
        /// It is good, and it is time for the next.
        case due
        /// It has ended.
        case ended
        /// It begins later: the clock of this machine is behind, or that of the authority ahead.
        case notYet
    }

    /// Which part of its life a certificate has behind it when the next is asked for, as Let's Encrypt recommends.
    static let share = 2.0 / 3
    /// How much of its life earlier that may be, so that servers which began together do not ask together.
    static let spread = 1.0 / 50
    /// The wait after a first failure, doubled with each further one.
    static let firstPause = 60.0
    /// The longest that the doubling leads to, a quarter more with jitter.
    static let longestPause = 86_400.0
    /// The longest that an authority's wish is honoured: Let's Encrypt counts by the week.
    static let longestWish = 7 * 86_400.0
    /// After how long the time is looked at again, whatever there is to wait for.
    public static let longestWait = Duration.seconds(3600)

    /// When the certificate is good; `nil` while there is none that could be renewed.
    public private(set) var validity: Validity?
    /// How many tries have failed since the last that did not.
    public private(set) var failures = 0
    /// How many of them were rejections of the names: with each the next kind of challenge has its turn.
    public private(set) var rejections = 0

    /// No try before this time, when that was decided, and whether that was because of a failure here alone.
    private var pause: (since: Date, until: Date, isOurs: Bool)?
    private let jitter: Double

    /// Begins.
    /// - Parameters:
    ///   - validity: That of the certificate that there is; `nil` if there is none, or it is not for all names.
    ///   - jitter: A random number from 0 to 1, which moves the time of renewal.
    public init(_ validity: Validity?, jitter: Double) {
        self.validity = validity
        self.jitter = min(max(jitter, 0), 1)
    }

    /// How the certificate stands.
    public func standing(at now: Date) -> Standing {
        guard let validity else { return .none }
        if now > validity.to { return .ended }
        if now < validity.from { return .notYet }
        return now >= renewalTime(of: validity) ? .due : .good
    }

    /// How long to wait before the next try; zero if it is time, ``longestWait`` at most.
    public mutating func wait(at now: Date) -> Duration {
        var next = now
        switch standing(at: now) {
        case .none, .due, .ended: break
        case .good, .notYet: next = validity.map { renewalTime(of: $0) } ?? now
        }
        if let (since, until, isOurs) = pause {
            if now < since {
                // The clock was set back: the pause is as long as it was, from now.
                pause = (now, now + until.timeIntervalSince(since), isOurs)
            }
            next = max(next, pause?.until ?? next)
        }
        let seconds = next.timeIntervalSince(now)
        return seconds <= 0 ? .zero : min(.seconds(min(seconds, 1e9)), Self.longestWait)
    }

    /// A certificate was given.
    ///
    /// The next is asked for after a third of its life at the earliest, even if by this machine's clock it has ended: then
    /// the clock is wrong, and asking at once would use up what the authority allows.
    public mutating func succeeded(_ validity: Validity, at now: Date) {
        self.validity = validity
        (failures, rejections) = (0, 0)
        pause = (now, now + max(validity.life / 3, 1), false)
    }

    /// A try has failed.
    /// - Parameters:
    ///   - error: Why.
    ///   - ways: How many kinds of challenges can be answered: a first rejection is followed by the next kind at once.
    ///   - now: The time.
    ///   - jitter: A random number from 0 to 1, which makes the pause up to a quarter shorter or longer.
    public mutating func failed(_ error: IssuanceError, ways: Int, at now: Date, jitter: Double) {
        failures += 1
        if error.isRejection { rejections += 1 }
        let isOtherWayLeft = error.isRejection && rejections < ways
        let doublings = failures - 1 - min(rejections, max(ways, 1) - 1)
        let power = Double(1 << min(max(doublings, 0), 20))
        let pause = min(Self.firstPause * power, longestPause) * (0.75 + min(max(jitter, 0), 1) / 2)
        let wish = error.retryAfter.map { min(Double($0.components.seconds), Self.longestWish) } ?? 0
        let ours = isOtherWayLeft ? 0 : pause
        self.pause = (now, now + max(ours, wish), wish <= ours)
    }

    /// Whoever runs the server has put something right: a failure is no reason to wait any longer, what the authority
    /// wishes is.
    public mutating func hurry() {
        if pause?.isOurs == true { pause = nil }
    }

    /// Short lives have short pauses: several tries are left between the first failure and the end.
    private var longestPause: Double {
        guard let validity else { return Self.longestPause }
        return min(Self.longestPause, max(validity.life / 30, 1))
    }

    /// Two thirds of the life, a little earlier by the jitter.
    private func renewalTime(of validity: Validity) -> Date {
        validity.from + validity.life * (Self.share - Self.spread * jitter)
    }
}
