#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files of an open SQLite database, to notice when somebody deletes, replaces or overwrites them.
///
/// SQLite goes on writing to a file that has no name any more, and says that all went well.
final class DatabaseFiles: Sendable {
    /// What has become of the files.
    enum Condition: Equatable {
        /// They are those that were opened.
        case intact
        /// One of them was deleted, or another stands in its place.
        case gone
        /// What the file begins with is not what a database begins with.
        case damaged
    }

    /// What tells one file from another.
    private struct Identity: Equatable, Sendable {
        var device: UInt64
        var inode: UInt64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt64(truncatingIfNeeded: status.st_dev)
            inode = UInt64(truncatingIfNeeded: status.st_ino)
        }
    }

    /// What the names of a database's files end in: the file itself, what is not yet in it, and an index of that.
    static let endings = ["", "-wal", "-shm"]

    /// What every database begins with (sqlite.org/fileformat2.html, section 1.3).
    private static let magic = Array("SQLite format 3\0".utf8)

    private let path: String
    private let identities: [Identity?]
    private let descriptor: Int32

    /// Looks at the files of a database that has just been opened.
    init(path: String) {
        self.path = path
        identities = Self.endings.map { Identity(path + $0) }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
    }

    /// Closes a file that has no name any more.
    ///
    /// Another stays open: a process that closes any of its descriptors of a file gives up all its locks of it, those of
    /// SQLite among them.
    deinit {
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) != 0 || status.st_nlink == 0 { close(descriptor) }
    }

    /// Looks at the files again.
    var condition: Condition {
        guard identities == Self.endings.map({ Identity(path + $0) }) else { return .gone }
        var start = [UInt8](repeating: 0, count: Self.magic.count)
        guard pread(descriptor, &start, start.count, 0) == start.count, start == Self.magic else { return .damaged }
        return .intact
    }

    /// Takes away what belongs to a database whose main file is gone, so that the next one is not taken for it.
    ///
    /// SQLite would put what it finds there into any database of that name.
    func removeRemains() {
        guard identities[0] != Identity(path) else { return }
        for (ending, identity) in zip(Self.endings, identities).dropFirst() where Identity(path + ending) == identity {
            unlink(path + ending)
        }
    }

    /// Makes the file where it is missing, and sees to it that nobody but this user can read what is there.
    ///
    /// SQLite gives the other files the permissions of the first.
    static func prepare(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        for ending in endings { chmod(path + ending, 0o600) }
    }

    /// Takes a database away, with all that belongs to it.
    static func remove(_ path: String) {
        unlink(path)
        removeJournals(of: path)
    }

    /// Takes away what belongs to a database beside its main file; nobody may have it open.
    static func removeJournals(of path: String) {
        for ending in endings + ["-journal"] where !ending.isEmpty { unlink(path + ending) }
    }

    /// How many bytes the files of a database have.
    static func size(at path: String) -> Int {
        endings.reduce(0) { sum, ending in
            var status = stat()
            return stat(path + ending, &status) == 0 ? sum + Int(clamping: status.st_size) : sum
        }
    }

    /// The room on the disk, in bytes; `nil` where the system does not say.
    static func diskSpace(at path: String) -> (free: Int, all: Int)? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let unit = Int(clamping: status.f_frsize)
        func bytes(_ blocks: some BinaryInteger) -> Int {
            let (bytes, overflows) = Int(clamping: blocks).multipliedReportingOverflow(by: unit)
            return overflows ? .max : bytes
        }
        return (bytes(status.f_bavail), bytes(status.f_blocks))
    }
}
