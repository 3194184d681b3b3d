#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a file can't be used, in one line for whoever runs the server.
package struct FileProblem: Error, Equatable, CustomStringConvertible {
    /// What is wrong, and with which file.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Small files of the data directory that only this user may read, each whole or absent at any time.
package enum PrivateFile {
    /// The longest file that is read: chains of certificates have a tenth of it.
    package static let maximumLength = 256 * 1024

    /// Makes a folder for such files; one that is there already stays.
    /// - Throws: ``FileProblem``, which names the folder.
    package static func makeFolder(_ path: String) throws(FileProblem) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw FileProblem("cannot create \(path): \(reason(errno))")
        }
    }

    /// Reads a file of text.
    /// - Returns: Its text; `nil` where there is none.
    /// - Throws: ``FileProblem``, which names the file, when it can't be read or is longer than ``maximumLength``.
    package static func read(_ path: String) throws(FileProblem) -> String? {
        try bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads a file.
    /// - Returns: Its bytes; `nil` where there is none.
    /// - Throws: ``FileProblem``, which names the file, when it can't be read or is longer than ``maximumLength``.
    package static func bytes(of path: String) throws(FileProblem) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw FileProblem("cannot read \(path): \(reason(errno))")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = systemRead(file, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem("cannot read \(path): \(reason(errno))") }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= maximumLength else { throw FileProblem("\(path) is too long") }
        }
    }

    /// Writes a file beside the one that is there, and puts it in its place when it is on disk.
    /// - Throws: ``FileProblem``, which names the file; what was there is there still.
    package static func replace(_ path: String, with text: String) throws(FileProblem) {
        try replace(path, with: Array(text.utf8))
    }

    /// Writes a file beside the one that is there, and puts it in its place when it is on disk.
    /// - Throws: ``FileProblem``, which names the file; what was there is there still.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(FileProblem) {
        let draft = "\(path).\(getpid())"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileProblem("cannot write \(draft): \(reason(errno))") }
        defer { unlink(draft) }
        let isWritten = write(bytes, to: file) && fsync(file) == 0
        let problem = errno
        let isClosed = close(file) == 0
        guard isWritten, isClosed else { throw FileProblem("cannot write \(path): \(reason(problem))") }
        try move(draft, to: path)
    }

    /// Puts a file that is on disk in the place of another; after a power failure one of the two has the name.
    /// - Throws: ``FileProblem``, which names the file.
    package static func move(_ draft: String, to path: String) throws(FileProblem) {
        guard rename(draft, path) == 0 else { throw FileProblem("cannot write \(path): \(reason(errno))") }
        // The name outlives a power failure when the folder is on disk.
        let folder = open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func reason(_ number: CInt) -> String {
        String(cString: strerror(number))
    }

    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func systemRead(_ file: Int32, _ bytes: inout [UInt8], _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.read(file, &bytes, count)
        #elseif canImport(Musl)
        Musl.read(file, &bytes, count)
        #else
        Darwin.read(file, &bytes, count)
        #endif
    }

    private static func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(file, bytes, count)
        #elseif canImport(Musl)
        Musl.write(file, bytes, count)
        #else
        Darwin.write(file, bytes, count)
        #endif
    }
}
