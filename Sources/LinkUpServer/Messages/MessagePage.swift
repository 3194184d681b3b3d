/// A stretch of a room's messages.
struct MessagePage: Encodable, Equatable, Sendable {
    /// The messages: of a history oldest first, of a search newest first.
    var messages: [Message]
    /// Whether there are others on the side to which the page was read.
    var more: Bool
}
