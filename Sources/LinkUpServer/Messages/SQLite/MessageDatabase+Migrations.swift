import GRDB
import Logging

extension MessageDatabase {
    /// Brings the tables of a database up to date, once there is a copy of what is in it.
    /// - Throws: ``IsNewer``, ``DatabaseCopy/Failure``, or what SQLite has to say.
    static func migrate(_ pool: DatabasePool, logger: Logger) throws {
        let migrator = migrator
        guard try !pool.read(migrator.hasBeenSuperseded) else { throw IsNewer() }
        guard try !pool.read(migrator.hasCompletedMigrations) else { return }
        if try pool.read(hasMessages) {
            let copy = DatabaseCopy(of: pool.path, before: migrator.migrations.count)
            try copy.make(from: pool)
            logger.notice(
                "The tables of the chat history change; what they were is kept",
                metadata: ["path": "\(pool.path)", "copy": "\(copy.path)"]
            )
        }
        try migrator.migrate(pool)
    }

    /// Whether a database was made by a program that knows more than this one.
    static func isNewer(_ db: Database) throws -> Bool { try migrator.hasBeenSuperseded(db) }

    private static func hasMessages(_ db: Database) throws -> Bool {
        try db.tableExists("message") && Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM message)") == true
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
        // A number in the room; what was changed, taken back, answered.
        migrator.registerMigration("4 numbers") { db in
            try db.execute(sql: numberedTables)
            try db.execute(
                sql: """
                    INSERT INTO room (name, messages, bytes, last_number, last_time)
                    SELECT room, COUNT(*), SUM(\(sizeExpression)), COUNT(*), MAX(time) FROM former_message GROUP BY room;
                    INSERT INTO message (id, room, number, author, name, text, time, key)
                    SELECT room.id << \(numberBits) | number, room.id, number, author, former.name, text, time, key
                    FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY room ORDER BY id) AS number FROM former_message)
                        AS former JOIN room ON room.name = former.room ORDER BY room.id, number;
                    INSERT INTO history SELECT lower(hex(randomblob(16))), COUNT(*), 0 FROM message;
                    DROP TABLE former_message;
                    DROP TABLE former_room;
                    CREATE UNIQUE INDEX message_key ON message (room, author, key) WHERE key IS NOT NULL;
                    CREATE INDEX message_time ON message (time);
                    """
            )
        }
        migrator.registerMigration("5 words") { db in
            try db.execute(sql: wordsTable)
            let rows = try Row.fetchCursor(db, sql: "SELECT id, text FROM message WHERE text <> '' ORDER BY id")
            while let row = try rows.next() { try addWords(of: row[1], id: row[0], in: db) }
        }
        return migrator
    }

    private static let numberedTables = """
        ALTER TABLE message RENAME TO former_message;
        ALTER TABLE room RENAME TO former_room;
        DROP INDEX message_time;
        DROP INDEX room_bytes;
        CREATE TABLE room (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            messages INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            last_number INTEGER NOT NULL,
            last_time INTEGER NOT NULL
        );
        CREATE INDEX room_bytes ON room (bytes);
        CREATE INDEX room_empty ON room (last_time) WHERE messages = 0;
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            room INTEGER NOT NULL,
            number INTEGER NOT NULL,
            author TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            time INTEGER NOT NULL,
            key TEXT,
            reply_to INTEGER,
            edited INTEGER,
            deleted INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE history (database TEXT NOT NULL, given INTEGER NOT NULL, least INTEGER NOT NULL);
        """
}
