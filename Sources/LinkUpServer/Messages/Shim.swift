typealias Message = ChatMessage
typealias MessageDraft = ChatDraft
typealias MessagePage = ChatPage
typealias MessageStore = ChatStore
enum MessageError: Error { case unknownMessage, notAuthor }
extension ChatDraft {
    init(
        room: RoomName,
        author: String,
        name: DisplayName,
        text: MessageText,
        time: Int64,
        key: MessageKey?,
        replyTo: Int64?
    ) {
        self.init(room: room, author: author, name: name, text: text, time: time, key: key)
    }
}
extension ChatStore {
    func edit(
        _ number: Int64,
        in room: RoomName,
        by author: String,
        to text: MessageText,
        at time: Int64
    ) async throws -> Message { throw MessageError.unknownMessage }
    func delete(_ number: Int64, in room: RoomName, by author: String?, at time: Int64) async throws -> Message {
        throw MessageError.unknownMessage
    }
    func page(in room: RoomName, after: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage {
        throw MessageError.unknownMessage
    }
    func search(_ text: String, in room: RoomName, before: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage
    { throw MessageError.unknownMessage }
    func lastNumber(in room: RoomName) async throws -> Int64 { 0 }
}
extension ChatStore.Stored {
    /// Whether this is the draft, stored now or before by the same member; bytes count.
    func isAnswer(to draft: MessageDraft) -> Bool {
        switch self {
        case .new: true
        case .known(let message):
            message.text.utf8.elementsEqual(draft.text.value.utf8)
                && message.author.utf8.elementsEqual(draft.author.utf8)
        }
    }
}
