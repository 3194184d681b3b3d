@testable import LinkUpServer

/// Makes a draft.
func messageDraft(
    _ text: String,
    room: String = "lobby",
    by author: String = "author",
    at time: Int64 = 1000,
    key: String? = nil,
    replyTo: Int64? = nil
) throws -> MessageDraft {
    MessageDraft(
        room: try RoomName(room),
        author: author,
        name: try DisplayName("Ada"),
        text: try MessageText(text),
        time: time,
        key: try key.map { text throws in try MessageKey(text) },
        replyTo: replyTo
    )
}

extension MessageStore {
    /// Reads the newest messages of a room.
    func newest(in room: String = "lobby", limit: Int = 1000, maxBytes: Int = .max) async throws -> MessagePage {
        try await page(in: RoomName(room), before: .max, limit: limit, maxBytes: maxBytes)
    }

    /// The texts of the newest messages of a room.
    func texts(in room: String = "lobby") async throws -> [String] {
        try await newest(in: room).messages.map(\.text)
    }

    /// The numbers of the messages that are found.
    func find(_ text: String, in room: String = "lobby") async throws -> [Int64] {
        try await search(SearchText(text), in: RoomName(room), before: .max, limit: 1000, maxBytes: .max)
            .messages.map(\.number)
    }

    /// Changes a message.
    func edit(_ number: Int64, to text: String, by author: String? = "author") async throws -> Message {
        try await edit(number, in: RoomName("lobby"), by: author, text: MessageText(text), time: 2000)
    }

    /// Takes back a message.
    func delete(_ number: Int64, by author: String? = "author") async throws -> Message {
        try await delete(number, in: RoomName("lobby"), by: author, time: 2000)
    }
}
