/// A message as it is stored and sent.
struct ChatMessage: Codable, Equatable, Sendable {
    /// Grows with each message of the server, over all rooms; never used twice.
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
}

/// A message that is yet to be stored.
struct ChatDraft: Equatable, Sendable {
    /// The room it is said in.
    var room: RoomName
    /// The id of the participant that sends it.
    var author: String
    /// The display name of the author.
    var name: DisplayName
    /// What is said.
    var text: MessageText
    /// When, in milliseconds since 1970.
    var time: Int64
    /// What the client made up for it.
    var key: MessageKey?
}
