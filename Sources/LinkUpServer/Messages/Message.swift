/// A message of a room, as it is stored and sent; `docs/protocol.md` has it for authors of clients.
struct Message: Codable, Equatable, Sendable {
    /// Its number in the room: 1, 2, 3 and so on, without holes; never given twice.
    var number: Int64
    /// The id of the member that said it.
    var author: String
    /// The display name that the author had.
    var name: String
    /// What was said; empty when it was taken back.
    var text: String
    /// When it was stored, in milliseconds since 1970.
    var time: Int64
    /// What the author's client made up for it; absent where it made up nothing.
    var key: String?
    /// The number of the message that it answers.
    var replyTo: Int64?
    /// When it was last changed or taken back, in milliseconds since 1970.
    var edited: Int64?
    /// `true` when it was taken back, and else absent.
    var deleted: Bool?
}

/// A message that is yet to be stored.
struct MessageDraft: Equatable, Sendable {
    /// The room it is said in.
    var room: RoomName
    /// The id of the member that says it.
    var author: String
    /// The display name of the author.
    var name: DisplayName
    /// What is said.
    var text: MessageText
    /// When, in milliseconds since 1970.
    var time: Int64
    /// What the client made up for it.
    var key: MessageKey?
    /// The number of the message that it answers.
    var replyTo: Int64?
}

/// What became of a draft.
enum StoredMessage: Equatable, Sendable {
    /// It was stored as this message.
    case new(Message)
    /// The author has used its key in the room before: this is the message of that time, as it is now.
    case known(Message)

    /// The message, new or known.
    var message: Message {
        switch self {
        case .new(let message), .known(let message): message
        }
    }

    /// Whether this is the draft, stored now or before; bytes count.
    ///
    /// What a message was before it was changed nobody knows, so its author is believed.
    func isAnswer(to draft: MessageDraft) -> Bool {
        switch self {
        case .new: true
        case .known(let message):
            message.edited != nil
                || message.text.utf8.elementsEqual(draft.text.value.utf8) && message.replyTo == draft.replyTo
        }
    }
}

extension Message {
    /// The most bytes that the message has as JSON.
    var jsonBytes: Int {
        // Names of the members, numbers and punctuation have 196 at most.
        [author, name, text, key ?? ""].reduce(256) { $0 + Self.jsonBytes($1) }
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
