import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct HistorySweepTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func store(_ limits: HistoryLimits) throws -> SQLiteMessageStore {
        try SQLiteMessageStore(path: folder.path("chat.sqlite"), limits: limits) { _, _ in }
    }

    private func say(_ texts: [String], in room: String, at time: Int64 = 0, to store: SQLiteMessageStore) async throws
    {
        for text in texts {
            _ = try await store.append(messageDraft(text, room: room, at: time))
        }
    }

    private func texts(_ room: String, in store: SQLiteMessageStore) async throws -> [String] {
        try await store.texts(in: room)
    }

    private func sweep(_ store: SQLiteMessageStore, _ limits: HistoryLimits, before oldest: Int64? = nil) async -> Int {
        await HistorySweep(store, limits: limits, logger: Logger(label: "test")).sweep(before: oldest)
    }

    @Test(arguments: [(3, 0), (2, 1), (1, 2)])
    func keepsTheNewestMessagesOfARoom(most: Int, deleted: Int) async throws {
        let limits = HistoryLimits(messagesPerRoom: most, reservedBytes: 0)
        let store = try store(limits)
        try await say(["1", "2", "3"], in: "lobby", to: store)
        try await say(["x"], in: "kitchen", to: store)
        #expect(await sweep(store, limits) == deleted)
        #expect(try await texts("lobby", in: store) == Array(["1", "2", "3"].suffix(most)))
        #expect(try await texts("kitchen", in: store) == ["x"])
        #expect(await sweep(store, limits) == 0)
    }

    @Test(arguments: [(0, 0), (1, 1), (132, 1), (133, 2)])
    func keepsAsManyBytesOfARoom(less: Int, deleted: Int) async throws {
        // The text of one byte, the name of three, and what a row takes.
        let all = 3 * (1 + 3 + MessageDatabase.rowOverhead)
        let limits = HistoryLimits(bytesPerRoom: all - less, reservedBytes: 0)
        let store = try store(limits)
        try await say(["1", "2", "3"], in: "lobby", to: store)
        #expect(await sweep(store, limits) == deleted)
        #expect(try await texts("lobby", in: store) == Array(["1", "2", "3"].dropFirst(deleted)))
    }

    @Test
    func deletesWhatIsTooOldWhereverItStands() async throws {
        let limits = HistoryLimits(reservedBytes: 0)
        let store = try store(limits)
        // The clock was wrong when the first was said.
        try await say(["future"], in: "lobby", at: 9000, to: store)
        try await say(["old"], in: "lobby", at: 1000, to: store)
        try await say(["old"], in: "kitchen", at: 1999, to: store)
        try await say(["new"], in: "kitchen", at: 2000, to: store)
        #expect(await sweep(store, limits, before: 2000) == 2)
        #expect(try await texts("lobby", in: store) == ["future"])
        #expect(try await texts("kitchen", in: store) == ["new"])
        #expect(await sweep(store, limits, before: nil) == 0)
    }

    @Test
    func deletesInSlices() async throws {
        let limits = HistoryLimits(messagesPerRoom: 1, reservedBytes: 0)
        let store = try store(limits)
        let count = MessageDatabase.sweepSlice + 11
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count { group.addTask { try await say(["\(index)"], in: "lobby", to: store) } }
            try await group.waitForAll()
        }
        #expect(await store.sweep(before: nil) == MessageDatabase.sweepSlice)
        #expect(await store.sweep(before: nil) == 10)
        #expect(await store.sweep(before: nil) == 0)
        #expect(try await store.pool?.read { try Int.fetchOne($0, sql: "SELECT messages FROM room") } == 1)
    }

    @Test
    func numbersGoOnInARoomWithoutMessages() async throws {
        let limits = HistoryLimits(reservedBytes: 0)
        let store = try store(limits)
        try await say(["1"], in: "lobby", at: 1, to: store)
        #expect(await sweep(store, limits, before: 2) == 1)
        #expect(try await store.newest() == MessagePage(messages: [], more: false))
        #expect(try await store.lastNumber(in: RoomName("lobby")) == 1)
        try await say(["2"], in: "lobby", at: 3, to: store)
        #expect(try await store.newest().messages.map(\.number) == [2])
    }

    @Test(arguments: [(3, 0), (2, 1), (0, 3)])
    func onlySoManyRoomsWithoutMessagesAreRemembered(most: Int, forgotten: Int) async throws {
        let path = folder.path("chat.sqlite")
        let limits = HistoryLimits(reservedBytes: 0)
        let store = try store(limits)
        for (index, room) in ["a", "b", "c"].enumerated() {
            try await say(["1", "2"], in: room, at: Int64(index), to: store)
        }
        try await say(["1"], in: "kept", at: 9, to: store)
        #expect(await sweep(store, limits, before: 9) == 6)
        try store.close()
        let database = try MessageDatabase(path: path, limits: limits, given: nil, logger: Logger(label: "test"))
        #expect(try database.sweep(limits, before: nil, emptyRooms: most) == 0)
        let rooms = try await database.pool.read { try String.fetchAll($0, sql: "SELECT name FROM room ORDER BY name") }
        #expect(rooms == ["a", "b", "c"].dropFirst(forgotten) + ["kept"])
        try database.pool.close()
        // No number of theirs is given again.
        let again = try self.store(limits)
        try await say(["3"], in: "a", at: 9, to: again)
        #expect(try await again.newest(in: "a").messages.map(\.number) == [3])
    }

    @Test
    func pagesHaveABoundInBytes() async throws {
        let store = try store(HistoryLimits(reservedBytes: 0))
        try await say(["1", "2", "3"], in: "lobby", to: store)
        let bytes = try await store.newest(limit: 1).messages[0].jsonBytes
        let page = try await store.newest(limit: 10, maxBytes: bytes * 2)
        #expect(page.messages.map(\.text) == ["2", "3"] && page.more)
        let all = try await store.newest(limit: 10, maxBytes: bytes * 3)
        #expect(all.messages.count == 3 && !all.more)
        // One is read whatever it has, or nobody would get past it.
        let one = try await store.newest(limit: 10, maxBytes: 1)
        #expect(one.messages.map(\.text) == ["3"] && one.more)
    }

    @Test(arguments: ["plain", "\"\\/", "\n\n\u{1}", "caf\u{E9} \u{1F600}"])
    func noMessageIsLargerThanReckoned(text: String) throws {
        let message = Message(
            number: .max,
            author: "author",
            name: text,
            text: String(repeating: text, count: 100),
            time: .min,
            key: text,
            replyTo: .min,
            edited: .min,
            deleted: true
        )
        #expect(try JSONEncoder().encode(message).count <= message.jsonBytes)
    }
}

@Suite
struct SweepCalendarTests {
    private static let day = Int64(86_400_000)

    @Test
    func countsDays() {
        let start = ContinuousClock.now
        let calendar = SweepCalendar(days: 2, at: start, time: 100 * Self.day)
        #expect(calendar.oldest(at: start, time: 100 * Self.day) == 98 * Self.day)
        #expect(calendar.oldest(at: start + .seconds(86_400), time: 101 * Self.day) == 99 * Self.day)
        #expect(SweepCalendar(days: nil, at: start, time: 0).oldest(at: start, time: 0) == nil)
    }

    /// A day to and fro is what people set wrong; what is farther is a clock that is wrong.
    @Test(arguments: [(0, true), (86_400_000, true), (86_401_000, false), (-86_400_000, true), (-86_401_000, false)])
    func trustsNoClockThatJumps(jump: Int64, isTrusted: Bool) {
        let start = ContinuousClock.now
        let calendar = SweepCalendar(days: 1, at: start, time: 100 * Self.day)
        #expect((calendar.oldest(at: start, time: 100 * Self.day + jump) != nil) == isTrusted)
    }

    @Test(arguments: [Int64.min, -1, 0, .max])
    func noTimeTraps(time: Int64) {
        for days in [0, 1, Int.max] {
            for start in [Int64.min, -1, 0, .max] {
                _ = SweepCalendar(days: days, at: .now, time: start).oldest(at: .now, time: time)
            }
        }
    }
}
