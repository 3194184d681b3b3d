extension ChatStore {
    func page(in room: RoomName, before id: Int64, limit: Int, maxBytes: Int) async throws -> ChatPage {
        var page = try await page(in: room, before: id, limit: limit)
        var bytes = 0
        let kept = page.messages.reversed().prefix { message in
            bytes += message.text.utf8.count + 300
            return bytes <= maxBytes
        }
        let count = max(kept.count, min(1, page.messages.count))
        page.more = page.more || count < page.messages.count
        page.messages = page.messages.suffix(count)
        return page
    }
}
