import GRDB

/// A stretch of a room's history.
struct ChatPage: Encodable, Equatable, Sendable {
    /// The messages, oldest first.
    var messages: [ChatMessage]
    /// Whether there are older ones.
    var more: Bool
}

extension ChatPage {
    /// Reads the messages of a room directly before a message; see ``ChatStore/page(in:before:limit:maxBytes:)``.
    init(of room: RoomName, before id: Int64, limit: Int, maxBytes: Int, in db: Database) throws {
        self.init(messages: [], more: false)
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT id, room, author, name, text, time, key FROM message
                    WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?
                    """
            ),
            arguments: [room.value, id, limit + 1]
        )
        var bytes = 0
        while let row = try rows.next() {
            let message = ChatDatabase.message(row)
            bytes += message.jsonBytes
            guard messages.isEmpty || (messages.count < limit && bytes <= maxBytes) else {
                more = true
                break
            }
            messages.append(message)
        }
        messages.reverse()
    }
}

extension ChatMessage {
    /// The most bytes that the message has as JSON.
    var jsonBytes: Int {
        // Names of the members, numbers and punctuation have 130 at most.
        [room, author, name, text, key ?? ""].reduce(160) { $0 + Self.jsonBytes($1) }
    }

    private static func jsonBytes(_ text: String) -> Int {
        text.utf8.reduce(0) { count, byte in
            switch byte {
            case 0..<0x20, 0x7F: count + 6
            // The slash, since some write `\/`.
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): count + 2
            default: count + 1
            }
        }
    }
}
