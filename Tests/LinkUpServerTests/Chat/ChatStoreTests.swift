import Foundation
import GRDB
import Locking
import Testing

@testable import LinkUpServer

@Suite
struct ChatStoreTests {
    /// A store in a folder of its own, and what it announced.
    private final class Fixture: Sendable {
        let folder: TemporaryFolder
        let announced = Mutex<[Int64]>([])

        init() throws {
            folder = try TemporaryFolder()
        }

        func open() throws -> ChatStore {
            try ChatStore(path: folder.path("chat.sqlite")) { [weak self] message in
                self?.announced.withLock { $0.append(message.id) }
            }
        }
    }

    private func draft(_ text: String, room: String = "lobby", key: String? = nil) throws -> ChatDraft {
        ChatDraft(
            room: try RoomName(room),
            author: "author",
            name: try DisplayName("Ada"),
            text: try MessageText(text),
            time: 1_700_000_000_123,
            key: try key.map { text throws in try MessageKey(text) }
        )
    }

    @Test
    func readsBackWhatWasStored() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let text = "caf\u{E9} \u{1F600}\n'; DROP TABLE message; --"
        let stored = try await store.append(draft(text, key: "k1"))
        let expected = ChatMessage(
            id: 1,
            room: "lobby",
            author: "author",
            name: "Ada",
            text: text,
            time: 1_700_000_000_123,
            key: "k1"
        )
        #expect(stored == .new(expected))
        #expect(try await store.newest(in: RoomName("lobby"), limit: 10) == ChatPage(messages: [expected], more: false))
    }

    @Test
    func survivesReopening() async throws {
        let fixture = try Fixture()
        let first = try fixture.open()
        _ = try await first.append(draft("one"))
        try first.close()
        let second = try fixture.open()
        let stored = try await second.append(draft("two"))
        #expect(stored.message.id == 2)
        #expect(try await second.newest(in: RoomName("lobby"), limit: 10).messages.map(\.text) == ["one", "two"])
    }

    @Test
    func isReadableWhileTheWriterNeverClosed() async throws {
        let fixture = try Fixture()
        let abandoned = try fixture.open()
        _ = try await abandoned.append(draft("one"))
        let other = try fixture.open()
        #expect(try await other.newest(in: RoomName("lobby"), limit: 10).messages.map(\.text) == ["one"])
        withExtendedLifetime(abandoned) {}
    }

    @Test
    func waitsForTheDiskOnEachCommit() throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        #expect(try store.pragma("synchronous") == 2)
        #expect(try store.pragmaText("journal_mode") == "wal")
    }

    @Test
    func answersARepeatedKeyWithTheFirstMessage() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let first = try await store.append(draft("one", key: "k"))
        #expect(try await store.append(draft("again", key: "k")) == .known(first.message))
        let elsewhere = try await store.append(draft("one", room: "kitchen", key: "k"))
        #expect(elsewhere == .new(elsewhere.message))
        let keyless = [try await store.append(draft("x")), try await store.append(draft("x"))]
        let ids = ([first, elsewhere] + keyless).map(\.message.id)
        #expect(Set(ids).count == 4)
        #expect(fixture.announced.withLock { $0 } == ids)
    }

    @Test
    func answersARepeatedKeyWithinOneBatch() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let results = try await store.whileWriterIsBusy(appending: [draft("a", key: "k"), draft("b", key: "k")])
        #expect(Set(results.map(\.message.id)).count == 1)
        #expect(results.filter { if case .new = $0 { true } else { false } }.count == 1)
        #expect(store.transactionCount == 1)
    }

    @Test(arguments: [(1, 1), (ChatStore.largestBatch, 1), (ChatStore.largestBatch + 1, 2)])
    func writesWaitingMessagesInOneTransaction(count: Int, transactions: Int) async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let results = try await store.whileWriterIsBusy(appending: (0..<count).map { try draft("\($0)") })
        #expect(store.transactionCount == transactions)
        #expect(results.map(\.message.id).sorted() == (1...Int64(count)).map { $0 })
        #expect(fixture.announced.withLock { $0 } == (1...Int64(count)).map { $0 })
    }

    @Test
    func pagesBackwards() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let room = try RoomName("lobby")
        for index in 1...7 {
            _ = try await store.append(draft("\(index)"))
            _ = try await store.append(draft("other", room: "kitchen"))
        }
        let newest = try await store.newest(in: room, limit: 3)
        #expect(newest.messages.map(\.text) == ["5", "6", "7"])
        #expect(newest.more)
        let middle = try await store.page(in: room, before: newest.messages[0].id, limit: 3)
        #expect(middle.messages.map(\.text) == ["2", "3", "4"])
        #expect(middle.more)
        let oldest = try await store.page(in: room, before: middle.messages[0].id, limit: 1)
        #expect(oldest == ChatPage(messages: oldest.messages, more: false))
        #expect(oldest.messages.map(\.text) == ["1"])
        #expect(try await store.page(in: room, before: 1, limit: 3) == ChatPage(messages: [], more: false))
        #expect(try await store.page(in: room, before: .min, limit: 3) == ChatPage(messages: [], more: false))
    }

    @Test
    func failsAfterClosing() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        try store.close()
        await #expect(throws: (any Error).self) { try await store.append(draft("late")) }
        await #expect(throws: (any Error).self) { try await store.newest(in: RoomName("lobby"), limit: 1) }
        #expect(fixture.announced.withLock { $0 }.isEmpty)
    }
}

extension ChatStore {
    fileprivate func pragma(_ name: String) throws -> Int? {
        try pool?.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    fileprivate func pragmaText(_ name: String) throws -> String? {
        try pool?.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// Appends while the writer is held back, so that all drafts wait at once.
    fileprivate func whileWriterIsBusy(appending drafts: [ChatDraft]) async throws -> [Stored] {
        let gate = DispatchSemaphore(value: 0)
        writer.async { gate.wait() }
        return try await withThrowingTaskGroup(of: Stored.self) { group in
            for draft in drafts {
                group.addTask { try await self.append(draft) }
            }
            while waitingCount < drafts.count { await Task.yield() }
            gate.signal()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
