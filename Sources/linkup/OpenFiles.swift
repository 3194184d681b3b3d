import Listening
import NIOCore

/// How many files the process may have open at a time; sockets count.
enum OpenFiles {
    /// The process may open too few files to serve anybody.
    struct TooFew: Error, Equatable, CustomStringConvertible {
        let limit: Int
        let needed: Int

        var description: String {
            "the process may open \(limit) files, and needs \(needed) or more: raise the limit "
                + "(ulimit -n, or LimitNOFILE in systemd)."
        }
    }

    /// Says in words that there are too few, before what depends on them fails.
    /// - Parameters:
    ///   - reserve: What the process keeps of its descriptors.
    ///   - threads: How many threads relay.
    ///   - cores: How many loops SwiftNIO runs.
    /// - Throws: ``TooFew``.
    static func check(
        reserve: DescriptorReserve = .current,
        threads: Int,
        cores: Int = System.coreCount
    ) throws(TooFew) {
        // Standard streams and what the runtime opens; three descriptors for a loop, two and two sockets for a thread;
        // listeners for TCP and TLS of two families; and a few clients.
        let needed = 8 + 3 * cores + 4 * threads + 4 + 4
        // A quarter is kept free.
        guard reserve.limit - reserve.count < needed else { return }
        throw TooFew(limit: reserve.limit, needed: needed + (needed + 2) / 3)
    }
}
