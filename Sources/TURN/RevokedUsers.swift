import HeapModule
import Locking
import STUN

/// Whose credentials are not good any more, although their time has not come.
public enum RevokedUser: Hashable, Sendable {
    /// The user of this name.
    case name(String)
    /// Whoever has a name that ends (``TimeLimitedCredentials``) with this identity: `EXPIRY:IDENTITY`.
    case identity(String)
}

/// The users whose credentials were revoked, each until its credentials would have ended anyway.
///
/// Asked for each request that is signed well, by all engines of a server.
public final class RevokedUsers: Sendable {
    private struct Entry: Comparable {
        let end: UInt32
        let user: RevokedUser

        static func < (left: Entry, right: Entry) -> Bool { left.end < right.end }
    }

    private struct State {
        var ends: [RevokedUser: UInt32] = [:]
        var order = Heap<Entry>()
    }

    /// How many are known at most; beyond, those are forgotten whose credentials end first.
    ///
    /// 65,536: five a second for four hours, as long as LinkUp's credentials last, in some ten megabytes.
    static let limit = 65_536

    private let state = Mutex(State())

    /// Makes a list of nobody.
    public init() {}

    /// How many are known.
    var count: Int { state.withLock { $0.ends.count } }

    /// Enters a user.
    /// - Parameters:
    ///   - user: Who it is.
    ///   - end: When the last of the user's credentials ends, in Unix time.
    ///   - now: Unix time in seconds.
    public func insert(_ user: RevokedUser, until end: UInt32, at now: UInt32) {
        state.withLock { state in
            guard end > now, end > state.ends[user, default: 0] else { return }
            state.ends[user] = end
            state.order.insert(Entry(end: end, user: user))
            while let first = state.order.min, first.end <= now || state.order.count > Self.limit {
                state.order.removeMin()
                // It may have been entered again with a later end.
                if state.ends[first.user] == first.end { state.ends[first.user] = nil }
            }
        }
    }

    /// Whether a user is one of them.
    func contains(_ username: String, at now: UInt32) -> Bool {
        let identity = TimeLimitedCredentials.identity(of: username)
        return state.withLock { state in
            guard !state.ends.isEmpty else { return false }
            if let end = state.ends[.name(username)], end > now { return true }
            guard let identity, let end = state.ends[.identity(identity)] else { return false }
            return end > now
        }
    }
}
