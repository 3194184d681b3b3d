import Foundation
import GRDB
import Synchronization

/// The history of all rooms, in SQLite.
///
/// Messages that arrive while a transaction is being written to disk wait for the next one, and go into it together:
/// the cost of a message is the wait for the disk, and so many messages share one.
final class ChatStore: Sendable {
    /// What became of a draft.
    enum Stored: Equatable, Sendable {
        /// It was stored as this message.
        case new(ChatMessage)
        /// Its key was known in the room; this is the message that was stored the first time.
        case known(ChatMessage)

        /// The message, new or known.
        var message: ChatMessage {
            switch self {
            case .new(let message), .known(let message): message
            }
        }
    }

    /// The most messages of one transaction: bounds how long the first of them waits for the last.
    static let largestBatch = 256

    private struct Waiter {
        var draft: ChatDraft
        var continuation: CheckedContinuation<Stored, any Error>
    }

    private struct Queue {
        var waiters: [Waiter] = []
        var isScheduled = false
        var transactions = 0
    }

    /// The connections to the database.
    let pool: DatabasePool

    private let queue = Mutex(Queue())
    private let onStored: @Sendable (ChatMessage) -> Void

    /// Opens the database at `path`, creates it where it is missing, and brings its tables up to date.
    ///
    /// `synchronous=FULL` makes each commit wait for the disk. WAL's usual `NORMAL` survives a crash of the process,
    /// but after a power failure the last commits may be missing, and an acknowledgement says that the message is on
    /// disk.
    /// - Parameters:
    ///   - path: The file of the database.
    ///   - onStored: Called for each new message, in order of the ids, once it is on disk and before its author
    ///     learns of it; must not wait.
    /// - Throws: What SQLite has to say.
    init(path: String, onStored: @escaping @Sendable (ChatMessage) -> Void) throws {
        var configuration = Configuration()
        // A server that is just shutting down may still hold the file when its successor starts.
        configuration.busyMode = .timeout(5)
        configuration.label = "linkup.chat"
        pool = try DatabasePool(path: path, configuration: configuration)
        self.onStored = onStored
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        try Self.migrator.migrate(pool)
    }

    /// The number of messages that wait for a transaction.
    var waitingCount: Int { queue.withLock { $0.waiters.count } }

    /// The number of transactions that stored messages.
    var transactionCount: Int { queue.withLock { $0.transactions } }

    /// Stores a message; returns when it is on disk.
    /// - Throws: What SQLite has to say; then nothing of the message is stored.
    func append(_ draft: ChatDraft) async throws -> Stored {
        try await withCheckedThrowingContinuation { continuation in
            let mustSchedule = queue.withLock { queue in
                queue.waiters.append(Waiter(draft: draft, continuation: continuation))
                defer { queue.isScheduled = true }
                return !queue.isScheduled
            }
            if mustSchedule { scheduleBatch() }
        }
    }

    /// Reads the newest messages of a room.
    func newest(in room: RoomName, limit: Int) async throws -> ChatPage {
        try await page(in: room, before: .max, limit: limit)
    }

    /// Reads the messages of a room directly before a message.
    /// - Parameters:
    ///   - room: The room.
    ///   - id: The id before which the messages stand; it need not be one of this room.
    ///   - limit: The most messages to read, at least 1.
    /// - Returns: The messages, and whether there are older ones.
    /// - Throws: What SQLite has to say.
    func page(in room: RoomName, before id: Int64, limit: Int) async throws -> ChatPage {
        let rows = try await pool.read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, room, author, name, text, time, key FROM message
                        WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?
                        """
                ),
                arguments: [room.value, id, limit + 1]
            ).map(Self.message)
        }
        return ChatPage(messages: rows.prefix(limit).reversed(), more: rows.count > limit)
    }

    /// Closes the database after what is being written; later calls fail.
    func close() throws {
        try pool.close()
    }

    private func scheduleBatch() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let batch = queue.withLock { queue in
                let batch = Array(queue.waiters.prefix(Self.largestBatch))
                queue.waiters.removeFirst(batch.count)
                return batch
            }
            let results = Result { try Self.write(batch.map(\.draft), to: db) }
            queue.withLock { $0.transactions += 1 }
            deliver(results, to: batch)
            let mustSchedule = queue.withLock { queue in
                queue.isScheduled = !queue.waiters.isEmpty
                return queue.isScheduled
            }
            if mustSchedule { scheduleBatch() }
        }
    }

    private func deliver(_ results: Result<[Stored], any Error>, to batch: [Waiter]) {
        switch results {
        case .success(let results):
            for case .new(let message) in results { onStored(message) }
            for (waiter, stored) in zip(batch, results) { waiter.continuation.resume(returning: stored) }
        case .failure(let error):
            for waiter in batch { waiter.continuation.resume(throwing: error) }
        }
    }

    private static func write(_ drafts: [ChatDraft], to db: Database) throws -> [Stored] {
        var results: [Stored] = []
        results.reserveCapacity(drafts.count)
        try db.inTransaction(.immediate) {
            for draft in drafts { results.append(try insert(draft, into: db)) }
            return .commit
        }
        return results
    }

    private static func insert(_ draft: ChatDraft, into db: Database) throws -> Stored {
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
            return .new(ChatMessage(draft, id: db.lastInsertedRowID))
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

    private static func message(_ row: Row) -> ChatMessage {
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
        return migrator
    }
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
