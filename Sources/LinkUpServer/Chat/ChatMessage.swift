/// A message as `/chat` sends it.
struct ChatMessage: Codable, Equatable, Sendable {
    /// Its number in the room.
    var id: Int64
    /// The room it was said in.
    var room: String
    /// The id of the participant that sent it.
    var author: String
    /// The display name that the author had.
    var name: String
    /// What was said.
    var text: String
    /// When it was stored, in milliseconds since 1970.
    var time: Int64
    /// What the client made up for it; absent where it made up nothing.
    var key: String?

    /// Makes one of a stored message.
    init(_ message: Message, in room: RoomName) {
        id = message.number
        self.room = room.value
        author = message.author
        name = message.name
        text = message.text
        time = message.time
        key = message.key
    }
}

/// A stretch of a room's history as `/chat` sends it.
struct ChatPage: Encodable, Sendable {
    /// The messages, oldest first.
    var messages: [ChatMessage]
    /// Whether there are older ones.
    var more: Bool

    /// Makes one of a page that was read.
    init(_ page: MessagePage, in room: RoomName) {
        messages = page.messages.map { ChatMessage($0, in: room) }
        more = page.more
    }
}
