import Listening

/// Whether the history can be used, and what is to be logged of that.
///
/// However many requests fail, there is one line when it begins, one a minute while it lasts, and one when it is over.
struct StorageHealth {
    /// What to log.
    enum Notice: Equatable {
        /// Something failed; so many times since it was last said, and this is why.
        case failing(StorageFailure, times: Int)
        /// All is well again.
        case recovered
    }

    /// What is wrong; `nil` when nothing is.
    private(set) var failure: StorageFailure?

    private var notice = RepeatedNotice()
    /// Whether the log says that something is wrong.
    private var isTold = false

    /// Something was stored or read.
    /// - Returns: What to log, if anything.
    mutating func succeed() -> Notice? {
        failure = nil
        defer { isTold = false }
        return isTold ? .recovered : nil
    }

    /// Something could not be stored or read.
    /// - Parameters:
    ///   - failure: Why.
    ///   - times: For how many requests.
    ///   - now: The time.
    /// - Returns: What to log, if anything.
    mutating func fail(_ failure: StorageFailure, times: Int, at now: ContinuousClock.Instant) -> Notice? {
        self.failure = failure
        guard let times = notice.happened(times, at: now) else { return nil }
        isTold = true
        return .failing(failure, times: times)
    }
}
