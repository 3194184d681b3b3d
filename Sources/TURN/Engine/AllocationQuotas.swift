import STUN
import Synchronization

/// Counts allocations across engines, in all and for each user; a port that is kept for a RESERVATION-TOKEN counts as
/// the allocation that it may become.
///
/// Asked only when an allocation begins or ends.
public final class AllocationQuotas: Sendable {
    private struct State {
        var total = 0
        var users: [String: Int] = [:]
    }

    private let perUser: Int
    private let total: Int
    private let state = Mutex(State())

    /// Makes quotas.
    /// - Parameters:
    ///   - perUser: How many allocations a user may have at a time; 0 for any number.
    ///   - total: How many all may have together; 0 for any number.
    public init(perUser: Int = 0, total: Int = 0) {
        self.perUser = perUser
        self.total = total
    }

    /// How many allocations there are.
    public var count: Int { state.withLock { $0.total } }

    /// Counts allocations of `user`, unless that would be too many.
    /// - Returns: `nil` if they were counted, otherwise why not (RFC 8656 §7.2): the user has all that a user may have, or
    ///   the server is full.
    func admit(_ user: String, _ added: Int = 1) -> ErrorCode? {
        state.withLock { state in
            let count = state.users[user, default: 0] + added
            guard perUser == 0 || count <= perUser else { return .allocationQuotaReached }
            guard total == 0 || state.total + added <= total else { return .insufficientCapacity }
            state.total += added
            state.users[user] = count
            return nil
        }
    }

    /// Counts that allocations of `user` have ended.
    func release(_ user: String, _ ended: Int = 1) {
        state.withLock { state in
            state.total -= ended
            guard let count = state.users[user] else { return }
            state.users[user] = count > ended ? count - ended : nil
        }
    }
}
