import Foundation
import GRDB
import TestSupport
import Testing

@testable import LinkUpServer

/// Opens the databases of older programs.
@Suite
struct MessageMigrationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.path("chat.sqlite") }
    private var copy: String { folder.path("chat.sqlite.before-5") }

    private func open() throws -> SQLiteMessageStore {
        try SQLiteMessageStore(path: path, limits: HistoryLimits(reservedBytes: 0)) { _, _ in }
    }

    /// How far an older program had come.
    enum Version: Int, CaseIterable {
        case messages = 1
        case rooms, sizes
    }

    /// Makes a database as older programs did, byte for byte the same statements.
    private func makeFormer(_ version: Version, rows: Bool = true) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(
                sql: """
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    CREATE TABLE "message" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "room" TEXT NOT NULL,
                        "author" TEXT NOT NULL, "name" TEXT NOT NULL, "text" TEXT NOT NULL, "time" INTEGER NOT NULL,
                        "key" TEXT, UNIQUE ("room", "key"));
                    CREATE INDEX "message_room_id" ON "message"("room", "id");
                    INSERT INTO grdb_migrations VALUES ('1 messages');
                    """
            )
            if rows {
                try db.execute(
                    sql: """
                        INSERT INTO message (id, room, author, name, text, time, key) VALUES
                            (3, 'lobby', 'ann', 'Ann', 'caf\u{E9}', 100, 'k'), (4, 'kitchen', 'bob', 'Bob', 'one', 90, 'k'),
                            (7, 'lobby', 'bob', 'Bob', '\u{6771}\u{4EAC}', 110, NULL),
                            (8, 'lobby', 'ann', 'Ann', 'it''s three', 95, 'k2'), (9, 'kitchen', 'bob', 'Bob', 'two', 120, NULL)
                        """
                )
            }
            guard version.rawValue >= Version.rooms.rawValue else { return }
            try db.execute(
                sql: """
                    CREATE TABLE room (
                        name TEXT NOT NULL PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    INSERT INTO room SELECT room, COUNT(*), SUM(\(MessageDatabase.sizeExpression)) FROM message GROUP BY room;
                    CREATE INDEX message_time ON message (time);
                    INSERT INTO grdb_migrations VALUES ('2 rooms');
                    """
            )
            guard version == .sizes else { return }
            try db.execute(
                sql: """
                    CREATE INDEX room_bytes ON room (bytes);
                    INSERT INTO grdb_migrations VALUES ('3 sizes of rooms');
                    """
            )
        }
        try queue.close()
    }

    private func names(_ type: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        return try queue.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'
                        AND name NOT LIKE 'message_words%' ORDER BY name
                    """,
                arguments: [type]
            )
        }
    }

    @Test(arguments: Version.allCases)
    func keepsEveryRow(version: Version) async throws {
        try makeFormer(version)
        let store = try open()
        let lobby = [
            Message(number: 1, author: "ann", name: "Ann", text: "caf\u{E9}", time: 100, key: "k"),
            Message(number: 2, author: "bob", name: "Bob", text: "\u{6771}\u{4EAC}", time: 110),
            Message(number: 3, author: "ann", name: "Ann", text: "it's three", time: 95, key: "k2"),
        ]
        #expect(try await store.newest() == MessagePage(messages: lobby, more: false))
        let kitchen = try await store.newest(in: "kitchen").messages
        #expect(kitchen.map(\.number) == [1, 2] && kitchen.map(\.text) == ["one", "two"])
        // The rooms know what they have.
        let rooms = try store.pool?.read { db in
            try Row.fetchAll(db, sql: "SELECT name, messages, bytes, last_number, last_time FROM room ORDER BY name")
        }
        let bytes = [2 * MessageDatabase.rowOverhead + 12, 3 * MessageDatabase.rowOverhead + 30]
        #expect(rooms?.map { $0[0] as String } == ["kitchen", "lobby"])
        #expect(rooms?.map { $0[1] as Int } == [2, 3])
        #expect(rooms?.map { $0[2] as Int } == bytes)
        #expect(rooms?.map { $0[3] as Int } == [2, 3])
        #expect(rooms?.map { $0[4] as Int } == [120, 110])
        // They are found, known by their keys, changed, and followed.
        #expect(try await store.find("cafe") == [1])
        #expect(try await store.find("\u{4EAC}") == [2])
        #expect(try await store.find("thr") == [3])
        #expect(try await store.append(messageDraft("caf\u{E9}", by: "ann", key: "k")) == .known(lobby[0]))
        #expect(try await store.append(messageDraft("four")).message.number == 4)
        _ = try await store.delete(1, by: "ann")
        #expect(try await store.find("cafe").isEmpty)
        #expect(await store.sweep(before: 100) == 2)
        #expect(try await store.newest().messages.map(\.number) == [1, 2, 4])
        try store.close()
        #expect(try names("table") == ["grdb_migrations", "history", "message", "room"])
        #expect(try names("index") == ["message_key", "message_time", "room_bytes", "room_empty"])
    }

    @Test(arguments: Version.allCases)
    func keepsACopyOnce(version: Version) async throws {
        try makeFormer(version)
        try open().close()
        let queue = try DatabaseQueue(path: copy)
        let rows = try queue.read { db in
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
            return try Row.fetchAll(db, sql: "SELECT id, room, text FROM message ORDER BY id")
        }
        try queue.close()
        #expect(rows.map { $0[0] as Int } == [3, 4, 7, 8, 9])
        #expect(rows.map { $0[2] as String } == ["caf\u{E9}", "one", "\u{6771}\u{4EAC}", "it's three", "two"])
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // A second start copies nothing.
        for ending in DatabaseFiles.endings { try? FileManager.default.removeItem(atPath: copy + ending) }
        let second = try open()
        #expect(try await second.texts().count == 3)
        try second.close()
        #expect(!FileManager.default.fileExists(atPath: copy))
    }

    @Test
    func whoGoesBackLosesNothing() async throws {
        try makeFormer(.rooms)
        try open().close()
        for ending in DatabaseFiles.endings { try? FileManager.default.removeItem(atPath: path + ending) }
        try FileManager.default.copyItem(atPath: copy, toPath: path)
        let former = try DatabaseQueue(path: path)
        try await former.write { db in
            try db.execute(
                sql: "INSERT INTO message (room, author, name, text, time) VALUES ('lobby', 'a', 'A', 'later', 1)"
            )
        }
        try former.close()
        let store = try open()
        #expect(try await store.texts() == ["caf\u{E9}", "\u{6771}\u{4EAC}", "it's three", "later"])
        try store.close()
        let queue = try DatabaseQueue(path: copy)
        #expect(try await queue.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM message") } == 6)
    }

    @Test
    func nothingIsCopiedWhereNothingWasSaid() throws {
        try makeFormer(.rooms, rows: false)
        try open().close()
        #expect(!FileManager.default.fileExists(atPath: copy))
        for ending in DatabaseFiles.endings { try? FileManager.default.removeItem(atPath: path + ending) }
        try open().close()
        #expect(!FileManager.default.fileExists(atPath: copy))
    }

    @Test
    func withoutACopyNothingChanges() throws {
        try makeFormer(.rooms)
        // Where the copy would stand, stands something else.
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
        let error = #expect(throws: DatabaseCopy.Failure.self) { try open() }
        #expect(error?.description.contains(copy) == true)
        #expect(try names("index") == ["message_room_id", "message_time"])
        #expect(!FileManager.default.fileExists(atPath: copy + ".part"))
        try FileManager.default.removeItem(atPath: copy)
        try open().close()
    }
}
