#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A folder that one process at a time has for itself; the system gives it free when the process ends, however it ends.
///
/// Two servers on one history would not tell each other of new messages.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes a folder, and waits for its owner if it has one: a server that stops may still be there.
    /// - Parameters:
    ///   - file: The file whose lock stands for the folder; made where it is missing.
    ///   - patience: How many tenths of a second to wait.
    /// - Throws: ``StartupError`` when it is somebody's, or can't be locked.
    init(_ file: String, patience: Int) throws(StartupError) {
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StartupError("cannot write \(file): \(SystemError.text(errno))") }
        for attempt in 0...patience {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            let problem = errno
            guard problem == EWOULDBLOCK || problem == EINTR else {
                close(descriptor)
                throw StartupError("cannot lock \(file): \(SystemError.text(problem))")
            }
            if attempt < patience { usleep(100_000) }
        }
        close(descriptor)
        throw StartupError("another linkup uses the data directory: it holds \(file)")
    }

    deinit {
        close(descriptor)
    }
}
