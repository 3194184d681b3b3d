import Locking
import STUN

/// Whom an allocation is counted for: its user, and the network that the user came from.
struct QuotaAccount: Hashable {
    let user: String
    let network: ClientNetwork

    init(user: String, client: IPAddress) {
        self.user = user
        network = ClientNetwork(client)
    }
}

/// Counts allocations across engines, in all, for each user and for each network of clients; a port that is kept for a
/// RESERVATION-TOKEN counts as the allocation that it may become.
///
/// Asked only when an allocation begins or ends.
public final class AllocationQuotas: Sendable {
    private struct State {
        var total = 0
        var users: [String: Int] = [:]
        var networks: [ClientNetwork: Int] = [:]
    }

    private let perUser: Int
    private let perNetwork: Int
    private let total: Int
    private let state = Mutex(State())

    /// Makes quotas.
    /// - Parameters:
    ///   - perUser: How many allocations a user may have at a time; 0 for any number.
    ///   - perNetwork: How many the users of an IPv4 address, or of a /64 of IPv6, may have together; 0 for any number.
    ///   - total: How many all may have together; 0 for any number.
    public init(perUser: Int = 0, perNetwork: Int = 0, total: Int = 0) {
        self.perUser = perUser
        self.perNetwork = perNetwork
        self.total = total
    }

    /// How many allocations there are.
    public var count: Int { state.withLock { $0.total } }

    /// Counts allocations, unless that would be too many.
    /// - Returns: `nil` if they were counted, otherwise why not (RFC 8656 §7.2): the user or the network has all that it
    ///   may have, or the server is full.
    func admit(_ account: QuotaAccount, _ added: Int = 1) -> ErrorCode? {
        state.withLock { state in
            let user = state.users[account.user, default: 0] + added
            let network = state.networks[account.network, default: 0] + added
            guard perUser == 0 || user <= perUser, perNetwork == 0 || network <= perNetwork else {
                return .allocationQuotaReached
            }
            guard total == 0 || state.total + added <= total else { return .insufficientCapacity }
            // Nothing is kept of who has none.
            guard added > 0 else { return nil }
            state.total += added
            state.users[account.user] = user
            state.networks[account.network] = network
            return nil
        }
    }

    /// Counts that allocations have ended.
    func release(_ account: QuotaAccount, _ ended: Int = 1) {
        state.withLock { state in
            state.total -= ended
            Self.take(ended, from: &state.users[account.user])
            Self.take(ended, from: &state.networks[account.network])
        }
    }

    private static func take(_ ended: Int, from count: inout Int?) {
        guard let current = count else { return }
        count = current > ended ? current - ended : nil
    }
}
