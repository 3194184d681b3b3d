import STUN

/// Limits how many answers a network gets that has shown no credentials, lest the server floods whoever it belongs to.
///
/// One budget for each IPv4 /24 and IPv6 /56, in a table of fixed size: networks that share a place by chance share a
/// budget, and which ones do is not to be foreseen.
struct AnswerLimiter {
    private struct Budget {
        var answers: Float
        /// Milliseconds of uptime, truncated.
        var time: UInt32
    }

    private static let places = 4096

    private let rate: Float
    private let secret: HashSecret
    private var budgets: ContiguousArray<Budget>

    /// Makes a limiter.
    /// - Parameter rate: Answers a second; twice as many may go at once. 0 for no limit.
    init(rate: Int) {
        self.rate = Float(rate)
        var generator = SystemRandomNumberGenerator()
        secret = HashSecret(using: &generator)
        budgets = ContiguousArray(repeating: Budget(answers: 2 * Float(rate), time: 0), count: Self.places)
    }

    /// Whether an answer may go to `client`; counts it if so.
    mutating func admit(_ client: IPAddress, at now: Moment) -> Bool {
        guard rate > 0, !client.isLoopback else { return true }
        let network =
            switch client.family {
            case .ipv4: client.low >> 8
            case .ipv6: client.high >> 8 | 1 << 63
            }
        let place = Int(truncatingIfNeeded: secret.mix(network, 0, 0)) & (Self.places - 1)
        let milliseconds = UInt32(truncatingIfNeeded: now.uptime / 1_000_000)
        let elapsed = Float(milliseconds &- budgets[place].time) / 1000
        let answers = min(2 * rate, budgets[place].answers + elapsed * rate)
        let isEnough = answers >= 1
        budgets[place] = Budget(answers: isEnough ? answers - 1 : answers, time: milliseconds)
        return isEnough
    }
}
