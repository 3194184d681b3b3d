import EngineIO
import Synchronization

/// A ``TokenBucket`` that the handlers of one socket share.
final class RateLimit: Sendable {
    private let bucket: Mutex<TokenBucket>

    /// Makes a full bucket.
    init(_ rate: Rate) {
        bucket = Mutex(TokenBucket(rate))
    }

    /// Takes one token, or refuses the request.
    /// - Throws: `too-many-requests`.
    func admit(at now: ContinuousClock.Instant) throws(RequestError) {
        let result = bucket.withLock { bucket in
            Result { () throws(RequestError) in try bucket.admit(at: now) }
        }
        try result.get()
    }
}
