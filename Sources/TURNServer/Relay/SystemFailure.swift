#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The system has refused a call.
struct SystemFailure: Error, Hashable {
    /// The system's error number.
    let errno: CInt

    /// What the system says to addresses that it can't use.
    static let badAddress = SystemFailure(errno: EAFNOSUPPORT)

    /// What the last call left behind.
    static var current: SystemFailure {
        #if canImport(Darwin)
        SystemFailure(errno: Darwin.errno)
        #elseif canImport(Musl)
        SystemFailure(errno: Musl.errno)
        #else
        SystemFailure(errno: Glibc.errno)
        #endif
    }

    /// What the system calls it.
    var text: String { String(cString: strerror(errno)) }

    /// Takes the result of a call that returns negative error numbers.
    @discardableResult
    static func check(_ result: CInt) throws(SystemFailure) -> CInt {
        guard result >= 0 else { throw SystemFailure(errno: -result) }
        return result
    }
}
