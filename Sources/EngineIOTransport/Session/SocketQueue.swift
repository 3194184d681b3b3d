import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the system holds for a socket.
enum SocketQueue {
    /// The bytes that were sent and that the peer has not acknowledged; 0 where the system does not say.
    static func unacknowledgedBytes(_ socket: NIOBSDSocket.Handle) -> Int {
        #if os(Linux)
        var count: CInt = 0
        return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
        #else
        return 0
        #endif
    }
}
