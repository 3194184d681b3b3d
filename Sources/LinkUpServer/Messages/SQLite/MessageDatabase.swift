import GRDB
import Logging

/// The open database of the messages: the connections to it, and the files that they lead to.
struct MessageDatabase: Sendable {
    /// The database was made by a program that knows more than this one.
    struct IsNewer: Error {}

    /// How many connections read; what more of them asks for waits.
    ///
    /// Four are enough for the disk, and few enough that what they have read for clients fits into little memory.
    static let readers = 4

    /// How long a lock of another process is waited for, in seconds.
    static let patience = 2.0

    /// What a row takes on the disk besides its texts, with its entries in the indexes; an estimate.
    static let rowOverhead = 128

    /// The bits of a row's id that are its number; those above are its room.
    ///
    /// So the rows of a room stand together, in the order of their numbers, in the table and in the index of words.
    static let numberBits = 36

    /// The connections.
    let pool: DatabasePool
    /// The files.
    let files: DatabaseFiles
    /// The most pages that it may have; `nil` for no limit.
    let mostPages: Int?
    /// What numbers were given when it was opened.
    let numbers: GivenNumbers

    /// Opens the database at `path`, creates it where it is missing, and brings its tables up to date.
    ///
    /// `synchronous=FULL` makes each commit wait for the disk. WAL's usual `NORMAL` survives a crash of the process,
    /// but after a power failure the last commits may be missing, and an acknowledgement says that the message is on
    /// disk.
    /// - Parameters:
    ///   - path: The file.
    ///   - limits: How large it may become.
    ///   - given: What numbers were given before, which are not given again even in a new file.
    ///   - logger: Where a copy of former tables is told.
    /// - Throws: ``IsNewer``, ``DatabaseCopy/Failure``, or what SQLite has to say.
    init(path: String, limits: HistoryLimits, given: GivenNumbers?, logger: Logger) throws {
        DatabaseFiles.prepare(path)
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.patience)
        // Readers would wait longer.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA busy_timeout = \(Int(Self.patience * 1000))") }
        configuration.maximumReaderCount = Self.readers
        configuration.label = "linkup.messages"
        pool = try DatabasePool(path: path, configuration: configuration)
        try Self.migrate(pool, logger: logger)
        (numbers, mostPages) = try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
            let pages = limits.databaseBytes.map { max(1, $0 / page) }
            if let pages { try Self.setLargestSize(pages, db) }
            return (try GivenNumbers.read(db, after: given), pages)
        }
        files = DatabaseFiles(path: path)
    }

    /// Writes to the disk what changes nothing, to see whether more could be written.
    func touch() throws {
        try pool.writeWithoutTransaction { db in
            let unused = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            if unused == 0, try Self.hasLargestSize(db) { throw StorageFailure.historyFull }
            try db.inTransaction(.immediate) {
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                try db.execute(sql: "PRAGMA user_version = \(version)")
                return .commit
            }
        }
    }

    /// Does what makes room, for which the index of words needs some first.
    func withRoomToDelete<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
        guard let mostPages else { return try body() }
        try Self.setLargestSize(mostPages + Self.pagesToDelete, db)
        defer { try? Self.setLargestSize(mostPages, db) }
        return try body()
    }

    /// The pages that deleting may take beyond the limit: what a slice of the longest messages has of words.
    private static let pagesToDelete = 1024

    private static func setLargestSize(_ pages: Int, _ db: Database) throws {
        // SQLite answers with the new value.
        _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
    }

    /// The pages that a transaction may take for the index of words, besides what texts take.
    static let pagesOfIndex = 64

    /// Whether the database may not become larger by so many pages.
    static func hasLargestSize(_ db: Database, after more: Int = 0) throws -> Bool {
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let most = try Int.fetchOne(db, sql: "PRAGMA max_page_count") ?? .max
        return pages + more >= most
    }

    /// What a row counts for in bytes.
    static let sizeExpression = "LENGTH(CAST(text AS BLOB)) + LENGTH(CAST(name AS BLOB)) + \(rowOverhead)"

    /// What a row counts for, as ``sizeExpression`` reckons.
    static func size(text: String, name: String) -> Int {
        text.utf8.count + name.utf8.count + rowOverhead
    }

    /// The id of a row.
    static func id(of number: Int64, in room: Int64) -> Int64 {
        room << Int64(numberBits) | number
    }
}

/// Which numbers a database has given, to know after it was opened again whether it has lost any.
struct GivenNumbers: Equatable, Sendable {
    /// What tells a database from another.
    var database: String
    /// How many numbers it has given, in all rooms.
    var count: Int64
    /// The highest of them.
    var highest: Int64

    /// Reads them, and raises the numbers of all rooms where the database does not know all that were given.
    ///
    /// To remember each room's last number would cost memory for each room that anybody made up.
    /// - Parameters:
    ///   - db: The database.
    ///   - former: What was given until now.
    /// - Returns: What was given.
    /// - Throws: What SQLite has to say.
    static func read(_ db: Database, after former: Self?) throws -> Self {
        var given = try read(db)
        guard let former, given.database != former.database || given.count < former.count else { return given }
        given.count = max(given.count, former.count)
        given.highest = max(given.highest, former.highest)
        try db.inTransaction(.immediate) {
            try db.execute(
                sql: """
                    UPDATE history SET given = :count, least = MAX(least, :highest);
                    UPDATE room SET last_number = MAX(last_number, :highest)
                    """,
                arguments: ["count": given.count, "highest": former.highest]
            )
            return .commit
        }
        return given
    }

    private static func read(_ db: Database) throws -> Self {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT database, given, MAX(least, (SELECT IFNULL(MAX(last_number), 0) FROM room)) FROM history"
        )
        guard let row else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the table history is empty") }
        return Self(database: row[0], count: row[1], highest: row[2])
    }
}
