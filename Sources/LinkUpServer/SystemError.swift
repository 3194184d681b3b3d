#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Errors of system calls, in words.
enum SystemError {
    /// The text for an error number.
    static func text(_ number: CInt) -> String {
        String(cString: strerror(number))
    }
}
