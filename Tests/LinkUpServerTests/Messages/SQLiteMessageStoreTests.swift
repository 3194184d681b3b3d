import Foundation
import GRDB
import Locking
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct SQLiteMessageStoreTests {
    /// A store in a folder of its own, and what it announced.
    private final class Fixture: Sendable {
        let folder: TemporaryFolder
        let announced = Mutex<[Int64]>([])

        init() throws {
            folder = try TemporaryFolder()
        }

        func open() throws -> SQLiteMessageStore {
            try SQLiteMessageStore(path: folder.path("chat.sqlite")) { [weak self] message, _ in
                self?.announced.withLock { $0.append(message.number) }
            }
        }
    }

    @Test
    func readsBackWhatWasStored() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let text = "caf\u{E9} \u{1F600}\n'; DROP TABLE message; --"
        let stored = try await store.append(messageDraft(text, key: "k1"))
        let expected = Message(
            number: 1,
            author: "author",
            name: "Ada",
            text: text,
            time: 1000,
            key: "k1"
        )
        #expect(stored == .new(expected))
        #expect(try await store.newest() == MessagePage(messages: [expected], more: false))
    }

    @Test
    func survivesReopening() async throws {
        let fixture = try Fixture()
        let first = try fixture.open()
        _ = try await first.append(messageDraft("one"))
        try first.close()
        let second = try fixture.open()
        let stored = try await second.append(messageDraft("two"))
        #expect(stored.message.number == 2)
        #expect(try await second.newest().messages.map(\.text) == ["one", "two"])
    }

    @Test
    func isReadableWhileTheWriterNeverClosed() async throws {
        let fixture = try Fixture()
        let abandoned = try fixture.open()
        _ = try await abandoned.append(messageDraft("one"))
        let other = try fixture.open()
        #expect(try await other.newest().messages.map(\.text) == ["one"])
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
        let first = try await store.append(messageDraft("one", key: "k"))
        #expect(try await store.append(messageDraft("again", key: "k")) == .known(first.message))
        let elsewhere = try await store.append(messageDraft("one", room: "kitchen", key: "k"))
        #expect(elsewhere == .new(elsewhere.message))
        let keyless = [try await store.append(messageDraft("x")), try await store.append(messageDraft("x"))]
        let numbers = ([first, elsewhere] + keyless).map(\.message.number)
        #expect(numbers == [1, 1, 2, 3])
        #expect(fixture.announced.withLock { $0 } == numbers)
    }

    @Test
    func answersARepeatedKeyWithinOneBatch() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let results = try await store.whileWriterIsBusy(appending: [
            messageDraft("a", key: "k"), messageDraft("b", key: "k"),
        ])
        #expect(Set(results.map(\.message.number)).count == 1)
        #expect(results.filter { if case .new = $0 { true } else { false } }.count == 1)
        #expect(store.transactionCount == 1)
    }

    @Test(arguments: [(1, 1), (SQLiteMessageStore.largestBatch, 1), (SQLiteMessageStore.largestBatch + 1, 2)])
    func writesWaitingMessagesInOneTransaction(count: Int, transactions: Int) async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let results = try await store.whileWriterIsBusy(appending: (0..<count).map { try messageDraft("\($0)") })
        #expect(store.transactionCount == transactions)
        #expect(results.map(\.message.number).sorted() == Array(1...Int64(count)))
        #expect(fixture.announced.withLock { $0 } == Array(1...Int64(count)))
    }

    @Test
    func pagesBackwards() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let room = try RoomName("lobby")
        for index in 1...7 {
            _ = try await store.append(messageDraft("\(index)"))
            _ = try await store.append(messageDraft("other", room: "kitchen"))
        }
        let newest = try await store.newest(limit: 3)
        #expect(newest.messages.map(\.text) == ["5", "6", "7"])
        #expect(newest.more)
        let middle = try await store.page(in: room, before: newest.messages[0].number, limit: 3, maxBytes: .max)
        #expect(middle.messages.map(\.text) == ["2", "3", "4"])
        #expect(middle.more)
        let oldest = try await store.page(in: room, before: middle.messages[0].number, limit: 1, maxBytes: .max)
        #expect(oldest == MessagePage(messages: oldest.messages, more: false))
        #expect(oldest.messages.map(\.text) == ["1"])
        #expect(
            try await store.page(in: room, before: 1, limit: 3, maxBytes: .max)
                == MessagePage(messages: [], more: false)
        )
        #expect(
            try await store.page(in: room, before: .min, limit: 3, maxBytes: .max)
                == MessagePage(messages: [], more: false)
        )
    }

    @Test
    func pagesForwards() async throws {
        let fixture = try Fixture()
        let store = try fixture.open()
        let room = try RoomName("lobby")
        for index in 1...7 {
            _ = try await store.append(messageDraft("\(index)"))
            _ = try await store.append(messageDraft("other", room: "kitchen"))
        }
        let middle = try await store.page(in: room, after: 2, limit: 3, maxBytes: .max)
        #expect(middle.messages.map(\.text) == ["3", "4", "5"] && middle.more)
        let last = try await store.page(in: room, after: 5, limit: 2, maxBytes: .max)
        #expect(last.messages.map(\.number) == [6, 7] && !last.more)
        let bytes = last.messages[0].jsonBytes
        #expect(try await store.page(in: room, after: 5, limit: 2, maxBytes: bytes).messages.map(\.number) == [6])
        for number in [7, 8, 1 << 36, .max - 1, .max] as [Int64] {
            let page = try await store.page(in: room, after: number, limit: 3, maxBytes: .max)
            #expect(page == MessagePage(messages: [], more: false))
        }
        for number in [0, -1, .min] as [Int64] {
            let page = try await store.page(in: room, after: number, limit: 1, maxBytes: .max)
            #expect(page.messages.map(\.number) == [1] && page.more)
        }
        let nowhere = try await store.page(in: RoomName("nowhere"), after: 0, limit: 1, maxBytes: .max)
        #expect(nowhere == MessagePage(messages: [], more: false))
        #expect(try await store.lastNumber(in: room) == 7)
        #expect(try await store.lastNumber(in: RoomName("nowhere")) == 0)
    }
}

extension SQLiteMessageStore {
    fileprivate func pragma(_ name: String) throws -> Int? {
        try pool?.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    fileprivate func pragmaText(_ name: String) throws -> String? {
        try pool?.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// Appends while the writer is held back, so that all drafts wait at once.
    fileprivate func whileWriterIsBusy(appending drafts: [MessageDraft]) async throws -> [StoredMessage] {
        let gate = DispatchSemaphore(value: 0)
        writer.async { gate.wait() }
        return try await withThrowingTaskGroup(of: StoredMessage.self) { group in
            for draft in drafts {
                group.addTask { try await self.append(draft) }
            }
            while waitingCount < drafts.count { await Task.yield() }
            gate.signal()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
