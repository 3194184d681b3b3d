import Synchronization

/// Counts allocations across engines, in all and for each user.
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

    /// Counts an allocation of `user`, unless that would be one too many.
    func admit(_ user: String) -> Bool {
        state.withLock { state in
            let count = state.users[user, default: 0]
            guard total == 0 || state.total < total, perUser == 0 || count < perUser else { return false }
            state.total += 1
            state.users[user] = count + 1
            return true
        }
    }

    /// Counts that an allocation of `user` has ended.
    func release(_ user: String) {
        state.withLock { state in
            state.total -= 1
            guard let count = state.users[user] else { return }
            state.users[user] = count > 1 ? count - 1 : nil
        }
    }
}
