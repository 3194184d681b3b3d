import GRDB

/// The index of words.
///
/// A word stands in it behind the id of its room, as `12:word` without the colon's being one: `12xword`. So a search
/// costs what its own room has, whatever others say, and finds nothing of theirs. The table has no copy of the texts; what
/// was put into it has to be taken out with the same words.
extension MessageDatabase {
    /// `unicode61` folds letters to their small form without accents; marks of letters, which it would take for spaces, are
    /// parts of words.
    static let wordsTable = """
        CREATE VIRTUAL TABLE message_words USING fts5 (
            text, content = '', columnsize = 0,
            tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
        )
        """

    /// Makes a text findable.
    static func addWords(of text: String, id: Int64, in db: Database) throws {
        guard !text.isEmpty else { return }
        try db.cachedStatement(sql: "INSERT INTO message_words (rowid, text) VALUES (?, ?)")
            .execute(arguments: [id, words(of: text, in: id >> Int64(numberBits))])
    }

    /// Makes a text that was findable unfindable.
    static func removeWords(of text: String, id: Int64, in db: Database) throws {
        guard !text.isEmpty else { return }
        try db.cachedStatement(
            sql: "INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', ?, ?)"
        ).execute(arguments: [id, words(of: text, in: id >> Int64(numberBits))])
    }

    /// Reads the newest messages of a room that have all words of a text.
    static func search(
        _ text: SearchText,
        in room: RoomName,
        before number: Int64,
        limit: Int,
        maxBytes: Int,
        db: Database
    ) throws -> MessagePage {
        guard !text.phrases.isEmpty, let room = try self.id(of: room, in: db) else {
            return MessagePage(messages: [], more: false)
        }
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT \(messageColumns) FROM message_words CROSS JOIN message ON message.id = message_words.rowid
                    WHERE message_words MATCH ? AND message_words.rowid < ? AND deleted = 0
                    ORDER BY message_words.rowid DESC LIMIT ?
                    """
            ),
            arguments: [expression(text.phrases, in: room), self.id(before: number, in: room), limit + 1]
        )
        return try MessagePage(rows, limit: limit, maxBytes: maxBytes)
    }

    private static func words(of text: String, in room: Int64) -> String {
        let prefix = prefix(of: room)
        var words = ""
        words.reserveCapacity(text.utf8.count * 2)
        for phrase in SearchText.phrases(of: text) {
            for word in phrase.words {
                if !words.isEmpty { words += " " }
                words += prefix
                words += word
            }
        }
        return words
    }

    /// What FTS5 shall look for.
    ///
    /// Words are letters, marks and digits in quotes, so none of them is its syntax.
    private static func expression(_ phrases: [SearchText.Phrase], in room: Int64) -> String {
        let prefix = prefix(of: room)
        var parts = phrases.map { phrase in "\"\(phrase.words.map { prefix + $0 }.joined(separator: " "))\"" }
        // Of scripts without spaces each word is whole, and to look for beginnings would cost more.
        if phrases.last?.isSpaced == true { parts[parts.count - 1] += " *" }
        return parts.joined(separator: " ")
    }

    private static func prefix(of room: Int64) -> String { "\(room)x" }
}
