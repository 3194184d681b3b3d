#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Sockets in the file system.
package enum SocketFile {
    /// The socket over which a running server is asked what it does, by its data directory.
    package static func control(in dataDirectory: String) -> String { "\(dataDirectory)/control" }

    /// Lets nobody but this user connect to a socket, whatever the umask of the process.
    static func restrict(_ path: String) {
        chmod(path, 0o600)
    }

    /// Takes away a socket that was left over; anything else of that name stays.
    static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        unlink(path)
    }
}
