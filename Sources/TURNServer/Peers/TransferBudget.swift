import Locking
import NIOCore

/// How much the TCP connections of a relayed address may carry in one direction: so many bytes a second, and those of
/// one second at once.
///
/// What has been read is passed on; the connection that has brought it waits before it reads again.
final class TransferBudget: Sendable {
    private let bytesPerSecond: Double
    /// When what has passed will have had its time, as nanoseconds of uptime.
    private let end = Mutex(UInt64(0))

    /// Makes a budget.
    /// - Precondition: `bytesPerSecond` is 1 or more.
    init(bytesPerSecond: Int) {
        precondition(bytesPerSecond > 0, "a budget of no bytes")
        self.bytesPerSecond = Double(bytesPerSecond)
    }

    /// Counts bytes.
    /// - Returns: How long to wait before the next; `nil` for no time.
    func spend(_ count: Int, at now: NIODeadline) -> TimeAmount? {
        let cost = UInt64(Double(count) / bytesPerSecond * 1_000_000_000)
        return end.withLock { end in
            end = max(end, now.uptimeNanoseconds) + cost
            let ahead = end - now.uptimeNanoseconds
            return ahead > Self.burst ? .nanoseconds(Int64(clamping: ahead - Self.burst)) : nil
        }
    }

    /// A second, in nanoseconds.
    private static let burst: UInt64 = 1_000_000_000
}

/// The budgets of a relayed address.
struct TransferBudgets: Sendable {
    let fromClient: TransferBudget
    let fromPeers: TransferBudget

    /// Makes budgets; `nil` for 0, any number of bytes.
    init?(bytesPerSecond: Int) {
        guard bytesPerSecond > 0 else { return nil }
        fromClient = TransferBudget(bytesPerSecond: bytesPerSecond)
        fromPeers = TransferBudget(bytesPerSecond: bytesPerSecond)
    }
}
