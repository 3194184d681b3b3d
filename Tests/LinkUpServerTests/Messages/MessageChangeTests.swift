import Foundation
import GRDB
import Locking
import TestSupport
import Testing

@testable import LinkUpServer

/// What becomes of messages that are changed, taken back and answered.
@Suite
struct MessageChangeTests {
    private let folder: TemporaryFolder
    private let store: SQLiteMessageStore
    private let news = News()

    /// What others were told.
    private final class News: Sendable {
        let messages = Mutex<[Message]>([])
    }

    init() throws {
        folder = try TemporaryFolder()
        let news = news
        store = try SQLiteMessageStore(path: folder.path("chat.sqlite")) { message, _ in
            news.messages.withLock { $0.append(message) }
        }
    }

    private func refusal(_ body: () async throws -> Void) async -> MessageRefusal? {
        do {
            try await body()
            return nil
        } catch {
            return error as? MessageRefusal
        }
    }

    @Test
    func editsAndDeletes() async throws {
        var expected = try await store.append(messageDraft("one", key: "k")).message
        var told = [expected]
        (expected.text, expected.edited) = ("two", 2000)
        #expect(try await store.edit(1, to: "two") == expected)
        told.append(expected)
        (expected.text, expected.edited) = ("by a moderator", 2000)
        #expect(try await store.edit(1, to: "by a moderator", by: nil) == expected)
        told.append(expected)
        (expected.text, expected.deleted) = ("", true)
        #expect(try await store.delete(1) == expected)
        told.append(expected)
        // Whoever has lost the answer asks again; nothing is new to anybody.
        #expect(try await store.delete(1) == expected)
        #expect(news.messages.withLock { $0 } == told)
        #expect(try await store.newest().messages == [expected])
    }

    enum Request: CaseIterable { case edit, delete }

    @Test(
        arguments: [
            (0, "author", MessageRefusal.unknownMessage), (-1, "author", .unknownMessage),
            (4, "author", .unknownMessage),
            (.max, "author", .unknownMessage), (.min, nil, .unknownMessage), (1 << 36 + 1, nil, .unknownMessage),
            (1, "other", .notTheAuthor), (1, "Author", .notTheAuthor), (1, "", .notTheAuthor),
        ] as [(Int64, String?, MessageRefusal)],
        Request.allCases
    )
    func refusesWhatMayNotBe(_ row: (Int64, String?, MessageRefusal), request: Request) async throws {
        for room in ["kitchen", "lobby", "lobby", "lobby"] { _ = try await store.append(messageDraft("x", room: room)) }
        let before = try await store.newest()
        let refusal = await refusal {
            _ =
                switch request {
                case .edit: try await store.edit(row.0, to: "y", by: row.1)
                case .delete: try await store.delete(row.0, by: row.1)
                }
        }
        #expect(refusal == row.2)
        #expect(try await store.newest() == before)
        #expect(news.messages.withLock { $0.count } == 4)
    }

    @Test
    func whatWasTakenBackIsNotEdited() async throws {
        _ = try await store.append(messageDraft("one"))
        let deleted = try await store.delete(1)
        #expect(await refusal { _ = try await store.edit(1, to: "again") } == .unknownMessage)
        #expect(await refusal { _ = try await store.edit(1, to: "again", by: "other") } == .notTheAuthor)
        #expect(await refusal { _ = try await store.delete(1, by: "other") } == .notTheAuthor)
        #expect(try await store.newest().messages == [deleted])
        let elsewhere = try RoomName("nowhere")
        #expect(await refusal { _ = try await store.delete(1, in: elsewhere, by: nil, time: 0) } == .unknownMessage)
    }

    @Test
    func answersWhatIsThere() async throws {
        _ = try await store.append(messageDraft("one"))
        _ = try await store.append(messageDraft("elsewhere", room: "kitchen"))
        _ = try await store.append(messageDraft("elsewhere", room: "kitchen"))
        let reply = try await store.append(messageDraft("two", key: "k", replyTo: 1))
        #expect(reply.message.replyTo == 1 && reply.message.number == 2)
        #expect(try await store.newest().messages.last == reply.message)
        for number in [0, -1, 3, .max, .min] as [Int64] {
            let draft = try messageDraft("three", key: "k3", replyTo: number)
            #expect(await refusal { _ = try await store.append(draft) } == .unknownMessage, "\(number)")
            let first = try messageDraft("first", room: "new", replyTo: number)
            #expect(await refusal { _ = try await store.append(first) } == .unknownMessage, "\(number)")
        }
        // Nothing of it took a number, and what was stored before is answered though the other is gone.
        #expect(try await store.append(messageDraft("three", key: "k3")).message.number == 3)
        #expect(try await store.lastNumber(in: RoomName("new")) == 0)
        #expect(try await store.append(messageDraft("two", key: "k", replyTo: 9)) == .known(reply.message))
        // It is there, though its text is not.
        _ = try await store.delete(1)
        #expect(try await store.append(messageDraft("four", replyTo: 1)).message.number == 4)
    }

    @Test
    func aKeyIsItsAuthors() async throws {
        let first = try await store.append(messageDraft("one", by: "a", key: "k"))
        let second = try await store.append(messageDraft("one", by: "b", key: "k"))
        #expect([first.message.number, second.message.number] == [1, 2])
        #expect(try await store.append(messageDraft("x", by: "a", key: "k")) == .known(first.message))
        #expect(try await store.append(messageDraft("x", by: "b", key: "k")) == .known(second.message))
    }

    @Test
    func knowsWhatAnswersADraft() async throws {
        _ = try await store.append(messageDraft("one"))
        let draft = try messageDraft("caf\u{E9}", key: "k", replyTo: 1)
        #expect(try await store.append(draft).isAnswer(to: draft))
        let known = try await store.append(draft)
        #expect(known.isAnswer(to: draft))
        #expect(!known.isAnswer(to: try messageDraft("cafe\u{301}", key: "k", replyTo: 1)))
        #expect(!known.isAnswer(to: try messageDraft("caf\u{E9}", key: "k")))
        // Its author asks again, after somebody took it back.
        _ = try await store.delete(2, by: nil)
        #expect(try await store.append(draft).isAnswer(to: draft))
    }

    @Test
    func oneBatchHasAllInTheirOrder() async throws {
        _ = try await store.append(messageDraft("one"))
        let gate = DispatchSemaphore(value: 0)
        store.writer.async { gate.wait() }
        let requests: [@Sendable () async throws -> Void] = [
            { [store] in _ = try await store.edit(1, to: "1") },
            { [store] in _ = try? await store.edit(1, to: "not mine", by: "other") },
            { [store] in _ = try await store.append(messageDraft("two")) },
            { [store] in _ = try await store.delete(1) },
            { [store] in _ = try? await store.edit(1, to: "late") },
            { [store] in _ = try await store.edit(2, to: "2") },
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { try await request() }
                while store.waitingCount <= index { await Task.yield() }
            }
            gate.signal()
            try await group.waitForAll()
        }
        #expect(store.transactionCount == 2)
        #expect(news.messages.withLock { $0.map(\.text) } == ["one", "1", "two", "", "2"])
        #expect(try await store.texts() == ["", "2"])
    }

    @Test
    func roomsKnowTheirBytes() async throws {
        _ = try await store.append(messageDraft("one"))
        _ = try await store.append(messageDraft("two"))
        _ = try await store.edit(1, to: "longer than it was")
        _ = try await store.edit(2, to: "x")
        _ = try await store.delete(2)
        let sizes = try await store.pool?.read { db in
            try Int.fetchAll(
                db,
                sql: """
                    SELECT bytes FROM room UNION ALL
                    SELECT SUM(\(MessageDatabase.sizeExpression)) FROM message
                    """
            )
        }
        #expect(sizes?.count == 2 && sizes?[0] == sizes?[1])
    }
}
