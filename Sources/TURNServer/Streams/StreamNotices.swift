import Listening
import Locking
import Logging
import STUN

/// What the operator is told of TCP and TLS connections: a line a minute for each reason, with how often it was.
final class StreamNotices: Sendable {
    /// Why a connection came to nothing.
    enum Reason: Hashable {
        /// There are as many as there may be.
        case tooMany
        /// The client's network has as many as it may have.
        case tooManyOfNetwork
        /// TLS could not be agreed upon.
        case insecure
        /// It carried neither STUN nor TURN.
        case invalid
    }

    private let logger: Logger
    private let notices = Mutex<[Reason: RepeatedNotice]>([:])

    /// Makes notices of nothing so far.
    init(logger: Logger) {
        self.logger = logger
    }

    /// It happened to a connection of `client`.
    func tell(_ reason: Reason, of client: IPAddress?, _ error: (any Error)? = nil) {
        let count = notices.withLock { $0[reason, default: RepeatedNotice()].happened(at: .now) }
        guard let count else { return }
        var metadata: Logger.Metadata = ["connections": "\(count)"]
        if let client { metadata["last client"] = "\(client)" }
        if let error { metadata["last error"] = "\(error)" }
        switch reason {
        case .tooMany: logger.warning("Connections refused: there are too many (--max-connections)", metadata: metadata)
        case .tooManyOfNetwork:
            logger.warning(
                "Connections refused: their network has too many (--max-connections-per-network)",
                metadata: metadata
            )
        case .insecure: logger.info("Connections closed: TLS could not be agreed upon", metadata: metadata)
        case .invalid: logger.info("Connections closed: they carried no TURN", metadata: metadata)
        }
    }
}
