#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a file can't be read.
struct FileProblem: CustomStringConvertible {
    /// The system's words.
    let description: String

    /// Looks again at a file that could not be read.
    init(_ path: String) {
        description = Self.whyUnreadable(path) ?? "it is no readable file"
    }

    /// Says why a file can't be read; `nil` if it can.
    static func whyUnreadable(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        // Opening a folder succeeds, reading it does not.
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) < 0 ? String(cString: strerror(errno)) : nil
    }
}
