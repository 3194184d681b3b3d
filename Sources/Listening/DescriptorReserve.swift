#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The descriptors that a process keeps for itself, so that clients can't take the last of them.
///
/// A process without descriptors can't open its database, a log or a file of `/proc`; libdispatch even ends it. Systems
/// give out the lowest number that is free (POSIX, `open`), so that a new descriptor's number tells how many there are,
/// whoever has opened the others: nothing has to be counted.
package struct DescriptorReserve: Sendable, Equatable {
    /// The most that are kept: a database with its readers and logs needs a few dozen.
    static let most = 128

    /// The descriptors that the process may have open; `RLIMIT_NOFILE`.
    package let limit: Int
    /// Those of them that connections and relays must leave free: a quarter, up to 128.
    package var count: Int { min(limit / 4, Self.most) }

    /// Makes a reserve of so many descriptors in all.
    package init(limit: Int) {
        self.limit = limit
    }

    /// What the process is allowed at the moment; the limit may be changed from outside.
    package static var current: Self {
        var limit = rlimit()
        guard getrlimit(descriptors, &limit) == 0 else { return Self(limit: .max) }
        return Self(limit: Int(clamping: limit.rlim_cur))
    }

    /// Whether a connection or relay may keep a descriptor that it was just given.
    package func admits(_ descriptor: CInt) -> Bool {
        Int(descriptor) < limit - count
    }

    /// Whether a connection or relay may be opened now; `false` also when the process has no descriptor left.
    ///
    /// Two system calls: opens a descriptor and closes it.
    package var isSpare: Bool {
        // Any will do that is open; one that is not opens nothing, and then nothing can be said.
        let descriptor = socket(AF_UNIX, Self.datagrams, 0)
        guard descriptor >= 0 else { return errno != EMFILE && errno != ENFILE }
        defer { close(descriptor) }
        return admits(descriptor)
    }

    /// Duplicates a descriptor, if the process can spare another.
    ///
    /// To be asked also by whoever closes the original at once: its number goes to the next who opens one, while the copy
    /// would stay among those that are kept.
    /// - Returns: The copy, which is the caller's; `nil` if there is none to spare.
    package func duplicate(_ descriptor: CInt) -> CInt? {
        let copy = dup(descriptor)
        guard copy >= 0 else { return nil }
        guard admits(copy) else {
            close(copy)
            return nil
        }
        return copy
    }

    /// Raises the limit of this process as far as the system lets any process do it by itself: from the soft limit to the
    /// hard one.
    ///
    /// Every connection and every relayed address is a descriptor, and the soft limit is 1024 on most systems, which only
    /// programs that use `select` need. For programs, not for libraries, to call. Where the system refuses, the limit
    /// stays as it is.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(descriptors, &limit) == 0 else { return }
        #if canImport(Darwin)
        // It has a limit for all programs as well, and takes no more than that.
        limit.rlim_cur = min(rlim_t(OPEN_MAX), limit.rlim_max)
        #else
        limit.rlim_cur = limit.rlim_max
        #endif
        _ = setrlimit(descriptors, &limit)
    }

    #if canImport(Glibc)
    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    private static let datagrams = CInt(SOCK_DGRAM.rawValue)
    #else
    private static let descriptors = RLIMIT_NOFILE
    private static let datagrams = SOCK_DGRAM
    #endif
}
