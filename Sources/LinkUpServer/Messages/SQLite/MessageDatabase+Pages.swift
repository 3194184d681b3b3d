import GRDB

extension MessageDatabase {
    /// The columns that ``Message/init(_:)`` reads.
    static let messageColumns = "number, author, name, message.text, time, key, reply_to, edited, deleted"

    /// Reads the messages of a room directly before a number.
    static func page(
        in room: RoomName,
        before number: Int64,
        limit: Int,
        maxBytes: Int,
        db: Database
    ) throws -> MessagePage {
        guard let room = try id(of: room, in: db) else { return MessagePage(messages: [], more: false) }
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: "SELECT \(messageColumns) FROM message WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?"
            ),
            arguments: [id(of: 0, in: room), id(before: number, in: room), limit + 1]
        )
        var page = try MessagePage(rows, limit: limit, maxBytes: maxBytes)
        page.messages.reverse()
        return page
    }

    /// Reads the messages of a room directly after a number.
    static func page(
        in room: RoomName,
        after number: Int64,
        limit: Int,
        maxBytes: Int,
        db: Database
    ) throws -> MessagePage {
        guard let room = try id(of: room, in: db) else { return MessagePage(messages: [], more: false) }
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: "SELECT \(messageColumns) FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
            ),
            arguments: [
                id(before: number == .max ? .max : max(0, number) + 1, in: room), id(before: .max, in: room), limit + 1,
            ]
        )
        return try MessagePage(rows, limit: limit, maxBytes: maxBytes)
    }

    /// The last number that was given in a room.
    static func lastNumber(in room: RoomName, db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT IFNULL((SELECT last_number FROM room WHERE name = ?), least) FROM history"
            ),
            arguments: [room.value]
        ) ?? 0
    }

    /// The id of a room; `nil` where nothing was said in it.
    static func id(of room: RoomName, in db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM room WHERE name = ?"),
            arguments: [room.value]
        )
    }

    /// The id that a row of a room with this number has, or the nearest to that.
    static func id(before number: Int64, in room: Int64) -> Int64 {
        id(of: min(max(number, 0), 1 << Int64(numberBits) - 1), in: room)
    }
}

extension MessagePage {
    /// Takes rows as long as they fit.
    init(_ rows: RowCursor, limit: Int, maxBytes: Int) throws {
        self.init(messages: [], more: false)
        var bytes = 0
        while let row = try rows.next() {
            let message = Message(row)
            bytes += message.jsonBytes
            guard messages.isEmpty || (messages.count < limit && bytes <= maxBytes) else {
                more = true
                break
            }
            messages.append(message)
        }
    }
}

extension Message {
    /// Reads a row of ``MessageDatabase/messageColumns``.
    init(_ row: Row) {
        self.init(
            number: row[0],
            author: row[1],
            name: row[2],
            text: row[3],
            time: row[4],
            key: row[5],
            replyTo: row[6],
            edited: row[7],
            deleted: row[8] == 1 ? true : nil
        )
    }
}
