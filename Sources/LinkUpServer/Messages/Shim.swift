struct ShimStore: MessageStore {
    let store: ChatStore
    static func message(_ m: ChatMessage) -> Message {
        Message(number: m.id, author: m.author, name: m.name, text: m.text, time: m.time, key: m.key)
    }
    static func page(_ p: ChatPage) -> MessagePage { MessagePage(messages: p.messages.map(message), more: p.more) }
    func append(_ d: MessageDraft) async throws -> StoredMessage {
        switch try await store.append(
            ChatDraft(room: d.room, author: d.author, name: d.name, text: d.text, time: d.time, key: d.key)
        ) {
        case .new(let m): .new(Self.message(m))
        case .known(let m): .known(Self.message(m))
        }
    }
    func edit(
        _ number: Int64,
        in room: RoomName,
        by author: String?,
        text: MessageText,
        time: Int64
    ) async throws -> Message { throw MessageRefusal.unknownMessage }
    func delete(_ number: Int64, in room: RoomName, by author: String?, time: Int64) async throws -> Message {
        throw MessageRefusal.unknownMessage
    }
    func page(in room: RoomName, before number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage {
        Self.page(try await store.page(in: room, before: number, limit: limit, maxBytes: maxBytes))
    }
    func page(in room: RoomName, after number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage {
        throw MessageRefusal.unknownMessage
    }
    func search(
        _ text: SearchText,
        in room: RoomName,
        before number: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws -> MessagePage { throw MessageRefusal.unknownMessage }
    func lastNumber(in room: RoomName) async throws -> Int64 {
        try await store.page(in: room, before: .max, limit: 1, maxBytes: 1).messages.last?.id ?? 0
    }
    func sweep(before oldest: Int64?) async -> Int { await store.sweep(before: oldest) }
    func problems(patience: Duration) async -> [String] { await store.problems(patience: patience) }
    func close() throws { try store.close() }
}
