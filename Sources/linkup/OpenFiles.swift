#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many files the process may have open at a time; sockets count.
enum OpenFiles {
    /// Raises the limit as far as the system lets any process do it by itself: from the soft limit to the hard one.
    ///
    /// Every relayed address and every connection is a file, and the soft limit is 1024 on most systems, which only
    /// programs that use `select` need. Where the system refuses, the limit stays as it is: whoever asks for an allocation
    /// that needs one file too many is told so by TURN.
    static func allowMany() {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        #if canImport(Darwin)
        // It has a limit for all programs as well, and takes no more than that.
        limit.rlim_cur = min(rlim_t(OPEN_MAX), limit.rlim_max)
        #else
        limit.rlim_cur = limit.rlim_max
        #endif
        _ = setrlimit(resource, &limit)
    }
}
