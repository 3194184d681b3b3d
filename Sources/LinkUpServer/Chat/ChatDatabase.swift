import GRDB

/// The open database of the history: the connections to it, and the files that they lead to.
struct ChatDatabase: Sendable {
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

    /// The connections.
    let pool: DatabasePool
    /// The files.
    let files: DatabaseFiles

    /// Opens the database at `path`, creates it where it is missing, and brings its tables up to date.
    ///
    /// `synchronous=FULL` makes each commit wait for the disk. WAL's usual `NORMAL` survives a crash of the process,
    /// but after a power failure the last commits may be missing, and an acknowledgement says that the message is on
    /// disk.
    /// - Parameters:
    ///   - path: The file.
    ///   - limits: How large it may become.
    ///   - lastID: The last id that was given; later ones are greater even in a new file.
    /// - Throws: ``IsNewer``, or what SQLite has to say.
    init(path: String, limits: HistoryLimits, lastID: Int64) throws {
        DatabaseFiles.prepare(path)
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.patience)
        // Readers would wait longer.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA busy_timeout = \(Int(Self.patience * 1000))") }
        configuration.maximumReaderCount = Self.readers
        configuration.label = "linkup.chat"
        pool = try DatabasePool(path: path, configuration: configuration)
        let migrator = Self.migrator
        guard try !pool.read(migrator.hasBeenSuperseded) else { throw IsNewer() }
        try migrator.migrate(pool)
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            if let bytes = limits.databaseBytes {
                let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
                // SQLite answers with the new value.
                _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(max(1, bytes / page))")
            }
            if lastID > 0 { try Self.skipIDs(upTo: lastID, in: db) }
        }
        files = DatabaseFiles(path: path)
    }

    /// The greatest id that was ever given.
    func lastID() throws -> Int64 {
        try pool.read { db in
            try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'message'") ?? 0
        }
    }

    /// Stores messages in one transaction; where the history has its largest size, others make room for them.
    func write(_ drafts: [ChatDraft]) throws -> [ChatStore.Stored] {
        for _ in 0..<Self.largestEffort {
            do {
                return try store(drafts)
            } catch StorageFailure.historyFull {
                let bytes = drafts.reduce(0) { $0 + $1.text.value.utf8.count + Self.rowOverhead }
                guard try makeRoom(bytes) > 0 else { break }
            }
        }
        throw StorageFailure.historyFull
    }

    private func store(_ drafts: [ChatDraft]) throws -> [ChatStore.Stored] {
        try pool.writeWithoutTransaction { db in
            var results: [ChatStore.Stored] = []
            results.reserveCapacity(drafts.count)
            do {
                try db.inTransaction(.immediate) {
                    for draft in drafts { results.append(try Self.insert(draft, into: db)) }
                    return .commit
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                throw try Self.hasLargestSize(db) ? StorageFailure.historyFull : .diskFull
            }
            return results
        }
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

    /// Reads a row of `id, room, author, name, text, time, key`.
    static func message(_ row: Row) -> ChatMessage {
        ChatMessage(
            id: row[0],
            room: row[1],
            author: row[2],
            name: row[3],
            text: row[4],
            time: row[5],
            key: row[6]
        )
    }

    private static func insert(_ draft: ChatDraft, into db: Database) throws -> ChatStore.Stored {
        try db.cachedStatement(
            sql: """
                INSERT INTO message (room, author, name, text, time, key) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (room, key) DO NOTHING
                """
        ).execute(
            arguments: [
                draft.room.value, draft.author, draft.name.value, draft.text.value, draft.time, draft.key?.value,
            ]
        )
        guard db.changesCount == 0, let key = draft.key else {
            let message = ChatMessage(draft, id: db.lastInsertedRowID)
            try count(message, in: db)
            return .new(message)
        }
        let known = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT id, room, author, name, text, time, key FROM message WHERE room = ? AND key = ?"
            ),
            arguments: [draft.room.value, key.value]
        )
        guard let known else { throw DatabaseError(message: "the message that holds a key is gone") }
        return .known(message(known))
    }

    private static func count(_ message: ChatMessage, in db: Database) throws {
        let bytes = message.text.utf8.count + message.name.utf8.count + rowOverhead
        try db.cachedStatement(
            sql: """
                INSERT INTO room (name, messages, bytes) VALUES (?, 1, ?)
                ON CONFLICT (name) DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes
                """
        ).execute(arguments: [message.room, bytes])
    }

    private static func hasLargestSize(_ db: Database) throws -> Bool {
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let most = try Int.fetchOne(db, sql: "PRAGMA max_page_count") ?? .max
        return pages >= most
    }

    private static func skipIDs(upTo id: Int64, in db: Database) throws {
        try db.execute(sql: "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'message'", arguments: [id])
        if db.changesCount == 0 {
            try db.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?)", arguments: [id])
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 messages") { db in
            try db.create(table: "message") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("room", .text).notNull()
                table.column("author", .text).notNull()
                table.column("name", .text).notNull()
                table.column("text", .text).notNull()
                table.column("time", .integer).notNull()
                table.column("key", .text)
                table.uniqueKey(["room", "key"])
            }
            try db.create(index: "message_room_id", on: "message", columns: ["room", "id"])
        }
        // What each room has, so that nobody has to count it, and the order in which messages become too old.
        migrator.registerMigration("2 rooms") { db in
            try db.execute(
                sql: """
                    CREATE TABLE room (
                        name TEXT NOT NULL PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    INSERT INTO room SELECT room, COUNT(*), SUM(\(sizeExpression)) FROM message GROUP BY room;
                    CREATE INDEX message_time ON message (time);
                    """
            )
        }
        // The biggest room is looked for when the history is full.
        migrator.registerMigration("3 sizes of rooms") { db in
            try db.execute(sql: "CREATE INDEX room_bytes ON room (bytes)")
        }
        return migrator
    }

    /// What a row counts for, as ``count(_:in:)`` reckons.
    static let sizeExpression =
        "LENGTH(CAST(text AS BLOB)) + LENGTH(CAST(name AS BLOB)) + \(rowOverhead)"
}

extension ChatMessage {
    /// Makes a message of a draft that was stored.
    init(_ draft: ChatDraft, id: Int64) {
        self.init(
            id: id,
            room: draft.room.value,
            author: draft.author,
            name: draft.name.value,
            text: draft.text.value,
            time: draft.time,
            key: draft.key?.value
        )
    }
}
