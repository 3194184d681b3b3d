import GRDB

extension MessageDatabase {
    /// Rows that are deleted in one transaction: some milliseconds, for which those who say something wait.
    static let sweepSlice = 200

    /// How often room is made for one transaction, a slice at a time.
    static let largestEffort = 32

    /// The least that is deleted where the history has its largest size, so that it is not done for each message.
    static let leastRoom = 65_536

    /// The most rooms whose last number is remembered though nothing of what was said there is kept: some 10 MiB.
    static let mostEmptyRooms = 100_000

    /// Deletes a slice of what is not kept any longer.
    /// - Parameters:
    ///   - limits: What is kept.
    ///   - oldest: Messages from before this time, in milliseconds since 1970, are deleted; `nil` for none.
    ///   - emptyRooms: How many rooms without messages are kept.
    /// - Returns: How many were deleted; 0 when all that is there is to be kept.
    /// - Throws: What SQLite has to say.
    func sweep(_ limits: HistoryLimits, before oldest: Int64?, emptyRooms: Int = mostEmptyRooms) throws -> Int {
        if let oldest {
            let deleted = try delete(where: "time < ? ORDER BY time", [oldest], most: Self.sweepSlice)
            if deleted > 0 { return deleted }
        }
        if let room = try fullRoom(limits) { return try trim(room, to: limits) }
        try forgetRooms(most: emptyRooms)
        return 0
    }

    /// Deletes the oldest messages of the biggest room, so that a room that fills the history silences no other.
    /// - Parameter bytes: How many are to be written.
    /// - Returns: How many messages were deleted.
    /// - Throws: What SQLite has to say.
    func makeRoom(_ bytes: Int) throws -> Int {
        let biggest = try pool.read { db in
            try Row.fetchOne(db, sql: "SELECT id, messages, bytes FROM room ORDER BY bytes DESC LIMIT 1")
                .map { Room(id: $0[0], messages: $0[1], bytes: $0[2]) }
        }
        guard let biggest else { return 0 }
        let rest = max(0, biggest.bytes - max(bytes, Self.leastRoom))
        return try trim(biggest, to: HistoryLimits(messagesPerRoom: nil, bytesPerRoom: rest))
    }

    private struct Room {
        var id: Int64
        var messages: Int
        var bytes: Int
    }

    /// A room that has more than it may; found by a reader, so that nobody waits for the search.
    private func fullRoom(_ limits: HistoryLimits) throws -> Room? {
        let (messages, bytes) = (limits.messagesPerRoom ?? .max, limits.bytesPerRoom ?? .max)
        return try pool.read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT id, messages, bytes FROM room WHERE messages > ? OR bytes > ? LIMIT 1",
                arguments: [messages, bytes]
            ).map { Room(id: $0[0], messages: $0[1], bytes: $0[2]) }
        }
    }

    /// Deletes the oldest messages of a room, as many as it has too many but no more than a slice.
    private func trim(_ room: Room, to limits: HistoryLimits) throws -> Int {
        let range: StatementArguments = [Self.id(of: 0, in: room.id), Self.id(before: .max, in: room.id)]
        var rows = min(Self.sweepSlice, max(0, room.messages - (limits.messagesPerRoom ?? .max)))
        let bytes = room.bytes - (limits.bytesPerRoom ?? .max)
        if bytes > 0 {
            let sizes = try pool.read { db in
                try Int.fetchAll(
                    db,
                    sql: """
                        SELECT \(Self.sizeExpression) FROM message WHERE id > ? AND id < ? ORDER BY id
                        LIMIT \(Self.sweepSlice)
                        """,
                    arguments: range
                )
            }
            var (count, sum) = (0, 0)
            while count < sizes.count, sum < bytes {
                sum += sizes[count]
                count += 1
            }
            rows = max(rows, count)
        }
        return try delete(where: "id > ? AND id < ? ORDER BY id", range, most: rows)
    }

    private func delete(where condition: String, _ arguments: StatementArguments, most: Int) throws -> Int {
        try pool.writeWithoutTransaction { db in
            try withRoomToDelete(db) {
                var deleted = 0
                try db.inTransaction(.immediate) {
                    let rows = try Row.fetchAll(
                        db,
                        sql: """
                            SELECT id, room, \(Self.sizeExpression), text FROM message WHERE \(condition) LIMIT \(most)
                            """,
                        arguments: arguments
                    )
                    for row in rows {
                        try Self.removeWords(of: row[3], id: row[0], in: db)
                        try Self.delete(row[0], of: row[1], bytes: row[2], in: db)
                    }
                    deleted = rows.count
                    return .commit
                }
                return deleted
            }
        }
    }

    /// The room stays without messages: its numbers go on.
    private static func delete(_ id: Int64, of room: Int64, bytes: Int, in db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM message WHERE id = ?").execute(arguments: [id])
        try db.cachedStatement(sql: "UPDATE room SET messages = messages - 1, bytes = bytes - ? WHERE id = ?")
            .execute(arguments: [bytes, room])
    }

    /// Forgets a slice of the rooms without messages, of those in which nothing was said for longest.
    ///
    /// New rooms begin behind their numbers, so that none is given twice.
    private func forgetRooms(most: Int) throws {
        let count = try pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM room WHERE messages = 0") ?? 0 }
        guard count > most else { return }
        try pool.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                let rows = try Row.fetchAll(
                    db,
                    sql: "SELECT id, last_number FROM room WHERE messages = 0 ORDER BY last_time LIMIT ?",
                    arguments: [min(count - most, 10 * Self.sweepSlice)]
                )
                for row in rows {
                    try db.cachedStatement(sql: "UPDATE history SET least = MAX(least, ?)").execute(arguments: [
                        row[1] as Int64
                    ])
                    try db.cachedStatement(sql: "DELETE FROM room WHERE id = ?").execute(arguments: [row[0] as Int64])
                }
                return .commit
            }
        }
    }
}
