import EngineIO

/// The acknowledgements that a socket waits for.
struct AcknowledgementTable {
    typealias Completion = @Sendable (Result<SocketArguments, AcknowledgementError>) -> Void

    private var pending: [UInt64: (completion: Completion, timer: EngineTimer?)] = [:]

    /// How many are waited for.
    var count: Int { pending.count }

    /// Waits for the acknowledgement of this id.
    mutating func insert(_ id: UInt64, timer: EngineTimer?, _ completion: @escaping Completion) {
        pending[id] = (completion, timer)
    }

    /// Ends the wait for an id.
    ///
    /// The caller must call what is returned; `nil` means that nobody waits, or no longer.
    mutating func remove(_ id: UInt64) -> Completion? {
        guard let (completion, timer) = pending.removeValue(forKey: id) else { return nil }
        timer?.cancel()
        return completion
    }

    /// Ends all waits.
    mutating func failAll(_ error: AcknowledgementError) {
        let ended = pending
        pending = [:]
        for (completion, timer) in ended.values {
            timer?.cancel()
            completion(.failure(error))
        }
    }
}
