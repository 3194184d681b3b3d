import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The socket of a WebSocket, for writes that pass by the channel: its pipeline and its queue cost more than the system
/// call.
///
/// Only for a channel whose handlers change nothing of what is written, and only while it has nothing left to write.
struct DirectSocket {
    private let handle: NIOBSDSocket.Handle

    init(_ handle: NIOBSDSocket.Handle) {
        self.handle = handle
    }

    /// Writes what the system takes at once.
    /// - Returns: How many bytes it took; none too where the connection is broken, which the channel is to find out.
    func write(_ bytes: ByteBuffer) -> Int {
        #if os(Linux)
        let flags = CInt(MSG_NOSIGNAL | MSG_DONTWAIT)
        return bytes.withUnsafeReadableBytes { max(send(handle, $0.baseAddress, $0.count, flags), 0) }
        #else
        return 0
        #endif
    }
}
