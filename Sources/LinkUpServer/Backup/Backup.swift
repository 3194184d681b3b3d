import Certificates
import FoundationEssentials
import GRDB
import Logging

/// All that outlives the process, in one file.
///
/// The file is the database of the history, as SQLite copies it while a server goes on writing (its Online Backup API),
/// with one more table that holds the other files of the data directory: the secret and the certificates. Whoever has it
/// has all that was said, and can be the server.
public enum Backup {
    /// What was brought back.
    public enum Restored: Sendable, Equatable {
        /// All of it.
        case everything
        /// The history alone: a server has the data directory, and holds the rest in its memory.
        case history
    }

    /// The table with the other files.
    private static let table = "linkup_backup"
    /// The most of a file beside the history that is taken along.
    private static let maximumLength = PrivateFile.maximumLength

    /// Writes a backup of a data directory, also while a server has it.
    /// - Parameters:
    ///   - dataDirectory: The folder.
    ///   - path: The file; one that is there is replaced once the new one is whole.
    /// - Throws: ``StartupError``, which says what is in the way.
    public static func write(_ dataDirectory: String, to path: String) throws(StartupError) {
        let database = DataDirectory.chatDatabase(in: dataDirectory)
        guard FileManager.default.fileExists(atPath: database) else {
            throw StartupError("there is no history in \(dataDirectory)")
        }
        try explain("cannot write \(path)") {
            try replace(path) { draft in
                try copy(database, to: draft)
                let queue = try DatabaseQueue(path: draft)
                try queue.inDatabase { db in
                    try db.execute(
                        sql: "CREATE TABLE \(table) (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"
                    )
                    for name in try otherFiles(of: dataDirectory) {
                        let content = try PrivateFile.bytes(of: "\(dataDirectory)/\(name)") ?? []
                        try db.execute(
                            sql: "INSERT INTO \(table) VALUES (?, ?)",
                            arguments: [name, Data(content)]
                        )
                    }
                }
                try queue.close()
            }
        }
    }

    /// Brings back what a backup has.
    ///
    /// The history that was there is kept beside it, as `chat.sqlite.before-restore`.
    /// A server that has the data directory uses the history from the next message on, and gives no number again.
    /// - Parameters:
    ///   - path: The backup.
    ///   - dataDirectory: The folder; made where it is missing.
    /// - Returns: What was brought back.
    /// - Throws: ``StartupError`` where the file is no backup, of a newer linkup, or can't be brought back; the history is
    ///   then as it was.
    public static func restore(_ path: String, to dataDirectory: String) throws(StartupError) -> Restored {
        let files = try inspect(path)
        let data = try DataDirectory(path: dataDirectory)
        let lock = try? data.lock(patience: 0)
        defer { withExtendedLifetime(lock) {} }
        let database = data.chatDatabase
        try explain("cannot restore \(database)") {
            if FileManager.default.fileExists(atPath: database) {
                try replace("\(database).before-restore") { try copy(database, to: $0) }
            }
            try replace(database) { draft in
                try copy(path, to: draft)
                let queue = try DatabaseQueue(path: draft)
                try queue.inDatabase { try $0.execute(sql: "DROP TABLE \(table)") }
                try queue.close()
                // Nobody has the former history open: what is left of it would be put into this one.
                if lock != nil { DatabaseFiles.removeJournals(of: database) }
            }
        }
        guard lock != nil else { return .history }
        for (name, content) in files {
            if let folder = name.split(separator: "/").dropLast().first { try makeFolder("\(dataDirectory)/\(folder)") }
            try write(content, to: "\(dataDirectory)/\(name)")
        }
        return .everything
    }

    /// Reads all messages of a room, oldest first, each as one line of JSON as clients get it.
    /// - Parameters:
    ///   - room: The name of the room.
    ///   - dataDirectory: The folder; a server may have it.
    ///   - line: Gets each line.
    /// - Throws: ``StartupError`` when there is no such name, no history, or it can't be read.
    public static func export(
        _ room: String,
        from dataDirectory: String,
        _ line: (String) -> Void
    ) throws(StartupError) {
        let name: RoomName
        do { name = try RoomName(room) } catch { throw StartupError("\(room) is no name of a room") }
        let database = DataDirectory.chatDatabase(in: dataDirectory)
        guard FileManager.default.fileExists(atPath: database) else {
            throw StartupError("there is no history in \(dataDirectory)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try explain("cannot read \(database)") {
            let queue = try open(database)
            var number: Int64 = 0
            while true {
                let page = try queue.read { db in
                    try MessageDatabase.page(in: name, after: number, limit: 1000, maxBytes: 1 << 22, db: db)
                }
                for message in page.messages {
                    line(String(decoding: try encoder.encode(message), as: UTF8.self))
                    number = message.number
                }
                guard page.more else { break }
            }
            try queue.close()
        }
    }
}

extension Backup {
    /// Looks whether a file is a backup that can be brought back.
    /// - Returns: The files that it has beside the history.
    private static func inspect(_ path: String) throws(StartupError) -> [(name: String, content: [UInt8])] {
        guard FileManager.default.fileExists(atPath: path) else { throw StartupError("there is no file \(path)") }
        do {
            let queue = try open(path)
            return try queue.read { db in
                guard try db.tableExists(table) else { throw StartupError("\(path) is no backup of linkup") }
                guard try !MessageDatabase.isNewer(db) else {
                    throw StartupError("\(path) was written by a newer linkup than this one")
                }
                guard try String.fetchOne(db, sql: "PRAGMA quick_check") == "ok" else { throw StorageFailure.damaged }
                return try Row.fetchAll(db, sql: "SELECT name, content FROM \(table) ORDER BY name").map { row in
                    let (name, content): (String, Data) = (row["name"], row["content"])
                    guard isOurs(name), content.count <= maximumLength else {
                        throw StartupError("\(path) is no backup of linkup")
                    }
                    return (name, Array(content))
                }
            }
        } catch let error as StartupError {
            throw error
        } catch {
            switch StorageFailure(error) {
            case .damaged: throw StartupError("\(path) is damaged, or no backup of linkup")
            case let failure: throw StartupError("cannot read \(path): \(failure)")
            }
        }
    }

    /// Whether a file may be one of the data directory: nothing that a backup says leads out of it.
    private static func isOurs(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isFile = parts.allSatisfy { part in
            !part.hasPrefix(".") && !part.isEmpty && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        return isFile
            && (name == "secret" || parts.count == 2 && parts[0] == DataDirectory.certificateFolderName)
    }

    private static func otherFiles(of dataDirectory: String) throws -> [String] {
        let folder = DataDirectory.certificateFolderName
        let found = (try? FileManager.default.contentsOfDirectory(atPath: "\(dataDirectory)/\(folder)")) ?? []
        let names = ["secret"] + found.sorted().map { "\(folder)/\($0)" }
        return names.filter { isOurs($0) && FileManager.default.fileExists(atPath: "\(dataDirectory)/\($0)") }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(MessageDatabase.patience)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Copies a database into one file, for this user alone.
    private static func copy(_ path: String, to draft: String) throws {
        DatabaseFiles.prepare(draft)
        let source = try open(path)
        let target = try DatabaseQueue(path: draft)
        try source.backup(to: target)
        // A journal of its own would be a second file.
        try target.writeWithoutTransaction { db in _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE") }
        try target.close()
        try source.close()
    }

    /// Makes a file beside its place, and puts it there once it is whole and on disk.
    private static func replace(_ path: String, _ body: (String) throws -> Void) throws {
        let draft = "\(path).part"
        DatabaseFiles.remove(draft)
        defer { DatabaseFiles.remove(draft) }
        try body(draft)
        try PrivateFile.move(draft, to: path)
    }

    private static func explain(_ what: String, _ body: () throws -> Void) throws(StartupError) {
        do {
            try body()
        } catch let error as StartupError {
            throw error
        } catch let error as FileProblem {
            throw StartupError(error.description)
        } catch {
            throw StartupError("\(what): \(StorageFailure(error))")
        }
    }

    private static func makeFolder(_ path: String) throws(StartupError) {
        do { try PrivateFile.makeFolder(path) } catch { throw StartupError(error.description) }
    }

    private static func write(_ content: [UInt8], to path: String) throws(StartupError) {
        do { try PrivateFile.replace(path, with: content) } catch { throw StartupError(error.description) }
    }
}
