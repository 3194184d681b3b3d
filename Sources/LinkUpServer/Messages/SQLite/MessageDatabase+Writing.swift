import GRDB

/// Something that is to be written.
enum MessageWrite: Sendable {
    /// A message is to be stored.
    case append(MessageDraft)
    /// A message is to be changed.
    case change(MessageChange)

    /// Whether it needs no room, as it takes something away.
    var isDeletion: Bool {
        if case .change(let change) = self { change.text == nil } else { false }
    }

    /// The bytes of its text.
    var textBytes: Int {
        switch self {
        case .append(let draft): draft.text.value.utf8.count
        case .change(let change): change.text?.value.utf8.count ?? 0
        }
    }

    /// The room that it is about.
    var room: RoomName {
        switch self {
        case .append(let draft): draft.room
        case .change(let change): change.room
        }
    }
}

/// A change of a message.
struct MessageChange: Sendable {
    /// The number of the message.
    var number: Int64
    /// Its room.
    var room: RoomName
    /// Whose it has to be; `nil` for anybody's.
    var author: String?
    /// The new text; `nil` to take it back.
    var text: MessageText?
    /// When, in milliseconds since 1970.
    var time: Int64
}

/// What became of something that was to be written.
enum MessageWritten: Sendable {
    /// A message is stored, or was before.
    case stored(StoredMessage)
    /// A message has changed.
    case changed(Message)
    /// A message is as it shall be, and was so before.
    case unchanged(Message)
    /// Nothing was written.
    case refused(MessageRefusal)

    /// What others have to be told.
    var news: Message? {
        switch self {
        case .stored(.new(let message)), .changed(let message): message
        case .stored(.known), .unchanged, .refused: nil
        }
    }

    /// The number that was given.
    var number: Int64? {
        if case .stored(.new(let message)) = self { message.number } else { nil }
    }
}

extension MessageDatabase {
    /// Writes all that is asked for in one transaction; where the history has its largest size, others make room for it.
    func write(_ writes: [MessageWrite]) throws -> [MessageWritten] {
        for _ in 0..<Self.largestEffort {
            do {
                return try store(writes)
            } catch StorageFailure.historyFull {
                let bytes = writes.reduce(0) { $0 + $1.textBytes + Self.rowOverhead }
                guard try makeRoom(bytes) > 0 else { break }
            }
        }
        throw StorageFailure.historyFull
    }

    private func store(_ writes: [MessageWrite]) throws -> [MessageWritten] {
        try pool.writeWithoutTransaction { db in
            if writes.allSatisfy(\.isDeletion) { return try withRoomToDelete(db) { try Self.write(writes, in: db) } }
            return try Self.write(writes, in: db)
        }
    }

    private static func write(_ writes: [MessageWrite], in db: Database) throws -> [MessageWritten] {
        var results: [MessageWritten] = []
        results.reserveCapacity(writes.count)
        do {
            try db.inTransaction(.immediate) {
                for write in writes { results.append(try self.write(write, in: db)) }
                try count(results, in: db)
                return .commit
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            // By now nothing of it is there any more: the size to compare with is what it might have become.
            let bytes = writes.reduce(0) { $0 + $1.textBytes }
            throw try hasLargestSize(db, after: pagesOfIndex + bytes / 1024) ? StorageFailure.historyFull : .diskFull
        }
        return results
    }

    private static func write(_ write: MessageWrite, in db: Database) throws -> MessageWritten {
        switch write {
        case .append(let draft): try append(draft, in: db)
        case .change(let change): try self.change(change, in: db)
        }
    }

    private static func append(_ draft: MessageDraft, in db: Database) throws -> MessageWritten {
        if draft.key != nil || draft.replyTo != nil, let room = try id(of: draft.room, in: db) {
            if let key = draft.key, let known = try known(key, of: draft.author, in: room, db) {
                return .stored(.known(known))
            }
            if let number = draft.replyTo, try row(of: number, in: room, db) == nil { return .refused(.unknownMessage) }
        } else if draft.replyTo != nil {
            return .refused(.unknownMessage)
        }
        let (room, number) = try nextNumber(for: draft, in: db)
        let id = id(of: number, in: room)
        try db.cachedStatement(
            sql: """
                INSERT INTO message (id, room, number, author, name, text, time, key, reply_to)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                id, room, number, draft.author, draft.name.value, draft.text.value, draft.time, draft.key?.value,
                draft.replyTo,
            ]
        )
        try addWords(of: draft.text.value, id: id, in: db)
        return .stored(.new(Message(draft, number: number)))
    }

    private static func nextNumber(for draft: MessageDraft, in db: Database) throws -> (room: Int64, number: Int64) {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    INSERT INTO room (name, messages, bytes, last_number, last_time)
                    VALUES (?, 1, ?, (SELECT least FROM history) + 1, ?)
                    ON CONFLICT (name) DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes,
                        last_number = last_number + 1, last_time = excluded.last_time
                    RETURNING id, last_number
                    """
            ),
            arguments: [draft.room.value, size(text: draft.text.value, name: draft.name.value), draft.time]
        )
        guard let row else { throw DatabaseError(message: "no number was given") }
        return (row[0], row[1])
    }

    private static func known(
        _ key: MessageKey,
        of author: String,
        in room: Int64,
        _ db: Database
    ) throws -> Message? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(messageColumns) FROM message WHERE room = ? AND author = ? AND key = ?"
            ),
            arguments: [room, author, key.value]
        ).map(Message.init)
    }

    private static func row(of number: Int64, in room: Int64, _ db: Database) throws -> Message? {
        guard number > 0, number < 1 << Int64(numberBits) else { return nil }
        return try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(messageColumns) FROM message WHERE id = ?"),
            arguments: [id(of: number, in: room)]
        ).map(Message.init)
    }

    private static func change(_ change: MessageChange, in db: Database) throws -> MessageWritten {
        guard let room = try id(of: change.room, in: db), let former = try row(of: change.number, in: room, db) else {
            return .refused(.unknownMessage)
        }
        if let author = change.author, !former.author.utf8.elementsEqual(author.utf8) {
            return .refused(.notTheAuthor)
        }
        if former.deleted == true { return change.text == nil ? .unchanged(former) : .refused(.unknownMessage) }
        var message = former
        message.text = change.text?.value ?? ""
        message.edited = change.time
        message.deleted = change.text == nil ? true : nil
        let id = id(of: change.number, in: room)
        try removeWords(of: former.text, id: id, in: db)
        try db.cachedStatement(sql: "UPDATE message SET text = ?, edited = ?, deleted = ? WHERE id = ?")
            .execute(arguments: [message.text, message.edited, message.deleted == true ? 1 : 0, id])
        try addWords(of: message.text, id: id, in: db)
        try db.cachedStatement(sql: "UPDATE room SET bytes = bytes + ? WHERE id = ?")
            .execute(arguments: [message.text.utf8.count - former.text.utf8.count, room])
        return .changed(message)
    }

    /// Remembers how many numbers were given.
    private static func count(_ results: [MessageWritten], in db: Database) throws {
        let count = results.count { $0.number != nil }
        guard count > 0 else { return }
        try db.cachedStatement(sql: "UPDATE history SET given = given + ?").execute(arguments: [count])
    }
}

extension Message {
    /// Makes a message of a draft that was stored.
    init(_ draft: MessageDraft, number: Int64) {
        self.init(
            number: number,
            author: draft.author,
            name: draft.name.value,
            text: draft.text.value,
            time: draft.time,
            key: draft.key?.value,
            replyTo: draft.replyTo
        )
    }
}
