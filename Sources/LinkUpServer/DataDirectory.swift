import FoundationEssentials
import Logging
import Monitoring

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The folder with everything that outlives the process.
struct DataDirectory: Sendable {
    /// The bytes of the secret.
    static let secretLength = 32

    /// The path of the folder.
    let path: String

    /// The file of the chat history.
    var chatDatabase: String { Self.chatDatabase(in: path) }

    /// The file of the chat history in a folder.
    static func chatDatabase(in folder: String) -> String { "\(folder)/chat.sqlite" }

    /// The name of the folder with certificates and their keys.
    static let certificateFolderName = "tls"

    /// The file whose lock says that a server uses the folder.
    var lockFile: String { "\(path)/lock" }

    /// The socket over which `linkup status` asks.
    var controlSocket: String { SocketFile.control(in: path) }

    /// The folder of certificates that were not given.
    var certificateFolder: String { "\(path)/\(Self.certificateFolderName)" }

    /// The file of the secret.
    var secretFile: String { "\(path)/secret" }

    /// Opens the folder and creates it where it is missing, for this user alone.
    /// - Throws: ``StartupError`` when it is no folder or can't be written to.
    init(path: String) throws(StartupError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw StartupError("cannot create the data directory \(path): \(Self.reason(error))")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw StartupError("cannot write to the data directory \(path): \(SystemError.text(errno))")
        }
    }

    /// Whether other users of the machine may look into the folder; what is in it they can't read even then.
    var isOpenToOthers: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o077 != 0
    }

    /// Takes the folder for this process.
    /// - Parameter patience: How many tenths of a second to wait for a server that is about to stop; longer than any may
    ///   take unless given.
    /// - Returns: What holds it.
    /// - Throws: ``StartupError`` when another process has it.
    func lock(patience: Int = 55) throws(StartupError) -> FolderLock {
        try FolderLock(lockFile, patience: patience)
    }

    /// Opens the history.
    /// - Throws: ``StartupError`` when it can't be used.
    func openHistory(
        _ limits: HistoryLimits,
        logger: Logger,
        onChange: @escaping @Sendable (Message, RoomName) -> Void
    ) throws(StartupError) -> SQLiteMessageStore {
        do {
            return try SQLiteMessageStore(path: chatDatabase, limits: limits, logger: logger, onChange: onChange)
        } catch is MessageDatabase.IsNewer {
            throw StartupError("\(chatDatabase) was written by a newer linkup than this one")
        } catch {
            throw StartupError("cannot open \(chatDatabase): \(StorageFailure(error))")
        }
    }

    /// Reads the secret of this installation; the first start makes it, in a file that only this user may read.
    /// - Returns: 32 random bytes, the same at every start.
    /// - Throws: ``StartupError`` when the file can't be read or written, or holds anything else.
    func loadSecret() throws(StartupError) -> [UInt8] {
        if let secret = try readSecret() { return secret }
        try writeSecret()
        guard let secret = try readSecret() else { throw StartupError("cannot read \(secretFile)") }
        return secret
    }

    private func readSecret() throws(StartupError) -> [UInt8]? {
        let file = open(secretFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw StartupError("cannot read \(secretFile): \(SystemError.text(errno))")
        }
        defer { close(file) }
        // It may have come from a copy.
        fchmod(file, 0o600)
        // One byte more than there may be, so that a longer file is noticed.
        var bytes = [UInt8](repeating: 0, count: Self.secretLength + 1)
        let count = read(file, &bytes, bytes.count)
        guard count == Self.secretLength else {
            throw StartupError(
                "\(secretFile) is damaged: it must hold \(Self.secretLength) bytes; delete it to get a new one"
            )
        }
        return Array(bytes.prefix(count))
    }

    /// Writes a file beside it and links it to its name, so that the secret is whole or absent, and the first of two
    /// processes that start at once gives it to both.
    private func writeSecret() throws(StartupError) {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<Self.secretLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let draft = "\(secretFile).\(getpid())"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StartupError("cannot write \(draft): \(SystemError.text(errno))")
        }
        defer { unlink(draft) }
        let isWritten = write(file, secret, secret.count) == secret.count && fsync(file) == 0
        let isClosed = close(file) == 0
        guard isWritten, isClosed, link(draft, secretFile) == 0 || errno == EEXIST else {
            throw StartupError("cannot write \(secretFile): \(SystemError.text(errno))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let code = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
        return SystemError.text(code.code.rawValue)
    }
}
