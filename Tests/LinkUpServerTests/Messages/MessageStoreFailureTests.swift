import Foundation
import GRDB
import Locking
import TestSupport
import Testing

@testable import LinkUpServer

/// What happens to the history when its disk, its file or its neighbours do what they should not.
@Suite
struct MessageStoreFailureTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.path("chat.sqlite") }

    /// Limits that don't look at the disk that the tests run on.
    private static let limits = HistoryLimits(reservedBytes: 0)

    private func open(_ limits: HistoryLimits = limits) throws -> SQLiteMessageStore {
        let start = ContinuousClock.now
        // Each look at the clock is later, so that no pause holds a test up.
        let ticks = Mutex(0)
        return try SQLiteMessageStore(
            path: path,
            limits: limits,
            clock: {
                ticks.withLock { ticks in
                    ticks += 1
                    return start + .seconds(2) * ticks
                }
            },
            onChange: { _, _ in }
        )
    }

    private func failure(_ body: () async throws -> Void) async -> StorageFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StorageFailure
        }
    }

    private func failure(of store: SQLiteMessageStore, saying text: String) async throws -> StorageFailure? {
        let draft = try messageDraft(text)
        return await #expect(throws: StorageFailure.self) { try await store.append(draft) }
    }

    @Test
    func aDeletedFileIsMadeAnewAndNumbersGoOn() async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        for ending in DatabaseFiles.endings { try FileManager.default.removeItem(atPath: path + ending) }
        let second = try await store.append(messageDraft("two"))
        #expect(second.message.number == 2)
        #expect(try await store.texts() == ["two"])
        #expect(await store.problems().isEmpty)
        try store.close()
        #expect(try await open().texts() == ["two"])
    }

    @Test
    func aDeletedFileIsNoticedWithoutAMessage() async throws {
        let store = try open()
        try FileManager.default.removeItem(atPath: path)
        #expect(await store.problems().isEmpty)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: ["-wal", "-shm"])
    func whatWasInADeletedJournalIsKept(ending: String) async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        try FileManager.default.removeItem(atPath: path + ending)
        _ = try await store.append(messageDraft("two"))
        #expect(try await store.texts() == ["one", "two"])
        try store.close()
        #expect(try await open().texts() == ["one", "two"])
    }

    @Test
    func aCopyThatIsPutInItsPlaceIsUsed() async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        let backup = folder.path("backup.sqlite")
        try await store.pool?.vacuum(into: backup)
        _ = try await store.append(messageDraft("two"))
        #expect(rename(backup, path) == 0)
        #expect(try await store.append(messageDraft("three")).message.number == 3)
        #expect(try await store.texts() == ["one", "three"])
    }

    @Test
    func aFolderThatIsGoneFailsInWordsUntilItIsBack() async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        #expect(rename(folder.path, folder.path + ".away") == 0)
        #expect(try await failure(of: store, saying: "two") != nil)
        #expect(await !store.problems().isEmpty)
        #expect(rename(folder.path + ".away", folder.path) == 0)
        #expect(await store.problems().isEmpty)
        _ = try await store.append(messageDraft("three"))
        #expect(try await store.texts() == ["one", "three"])
    }

    @Test
    func garbageInTheFileIsNoticedAndLeftAlone() async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.write(contentsOf: Data(repeating: 0x5A, count: 8192))
        #expect(try await failure(of: store, saying: "two") == .damaged)
        #expect(await store.problems().first?.contains("damaged") == true)
        #expect(FileManager.default.contents(atPath: path)?.first == 0x5A)
        // Taken away, it is made anew.
        try FileManager.default.removeItem(atPath: path)
        _ = try await store.append(messageDraft("three"))
        #expect(try await store.texts() == ["three"])
        try file.close()
    }

    @Test
    func aLockOfAnotherHoldsUpForABoundedTime() async throws {
        let store = try open()
        let other = try DatabaseQueue(path: path)
        let lock = DispatchSemaphore(value: 0)
        let isLocked = DispatchSemaphore(value: 0)
        other.asyncWriteWithoutTransaction { db in
            try? db.execute(sql: "BEGIN EXCLUSIVE")
            isLocked.signal()
            lock.wait()
            try? db.execute(sql: "ROLLBACK")
        }
        await Task.detached { isLocked.waitForever() }.value
        let start = ContinuousClock.now
        // Those who come while the first waits don't wait once more each.
        let failures = await withTaskGroup(of: StorageFailure?.self) { group in
            for index in 0..<(SQLiteMessageStore.largestBatch + 10) {
                group.addTask { try? await failure(of: store, saying: "\(index)") }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.allSatisfy { $0 == .locked })
        // One after the other they would wait for almost nine minutes.
        #expect(start.duration(to: .now) < .seconds(60))
        #expect(try await store.texts().isEmpty)
        lock.signal()
        _ = try await store.append(messageDraft("after"))
        #expect(await store.problems().isEmpty)
    }

    @Test
    func aFullHistoryLosesTheOldestMessagesOfItsBiggestRoom() async throws {
        let store = try open(HistoryLimits(databaseBytes: 100 * 4096, reservedBytes: 0))
        for number in 1...5 { _ = try await store.append(messageDraft("small \(number)", room: "small")) }
        // Ten times what fits.
        for number in 1...1000 {
            _ = try await store.append(messageDraft("\(number) " + String(repeating: "x", count: 3000)))
            if number % 100 == 0 { _ = try await store.append(messageDraft("later \(number)", room: "small")) }
        }
        let kept = try await store.texts(in: "small")
        #expect(kept == (1...5).map { "small \($0)" } + (1...10).map { "later \($0 * 100)" })
        let big = try await store.texts().map { $0.prefix { $0 != " " } }
        #expect(big.count > 10 && big == (1001 - big.count...1000).map { Substring("\($0)") })
        #expect(try await store.find("xxx").count == big.count)
        #expect(await store.problems().isEmpty)
    }

    @Test
    func aHistoryWithoutRoomForOneMessageSaysSo() async throws {
        let store = try open(HistoryLimits(databaseBytes: 1, reservedBytes: 0))
        #expect(try await failure(of: store, saying: String(repeating: "😀", count: 4000)) == .historyFull)
        #expect(await store.problems() == ["\(StorageFailure.historyFull)"])
    }

    @Test(arguments: [(4, 5, true), (5, 5, false), (9, 1000, true), (10, 1000, false), (0, 0, false)])
    func someOfTheDiskIsLeftToOthers(free: Int, all: Int, isFull: Bool) {
        // Never more than a twentieth.
        let limits = HistoryLimits(reservedBytes: 10)
        #expect(limits.isFull(free: free, of: all * 20) == isFull)
    }

    @Test
    func onlySoManyWaitForTheDisk() async throws {
        let store = try open()
        let gate = DispatchSemaphore(value: 0)
        store.writer.async { gate.wait() }
        let refused = Mutex(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<SQLiteMessageStore.largestQueue {
                group.addTask { _ = try await store.append(messageDraft("\(index)")) }
            }
            while store.waitingCount < SQLiteMessageStore.largestQueue { await Task.yield() }
            #expect(try await failure(of: store, saying: "one more") == .overloaded)
            refused.withLock { $0 += 1 }
            gate.signal()
            try await group.waitForAll()
        }
        _ = try await store.append(messageDraft("again"))
        #expect(await store.problems().isEmpty)
    }

    @Test
    func aDiskThatDoesNotAnswerIsSaid() async throws {
        let store = try SQLiteMessageStore(path: path, limits: Self.limits) { _, _ in }
        let gate = DispatchSemaphore(value: 0)
        store.writer.async { gate.wait() }
        #expect(await store.problems(patience: .milliseconds(50)) == ["the disk does not answer"])
        gate.signal()
        store.writer.sync {}
        #expect(await store.problems().isEmpty)
    }

    /// Whatever is asked of a store.
    enum Request: String, CaseIterable {
        case append, edit, delete, before, after, search, lastNumber

        static let writes = [append, edit, delete]

        func ask(_ store: SQLiteMessageStore) async throws {
            let room = try RoomName("lobby")
            switch self {
            case .append: _ = try await store.append(messageDraft("new"))
            case .edit: _ = try await store.edit(1, to: "changed")
            case .delete: _ = try await store.delete(1)
            case .before: _ = try await store.newest()
            case .after: _ = try await store.page(in: room, after: 0, limit: 1, maxBytes: .max)
            case .search: _ = try await store.find("one")
            case .lastNumber: _ = try await store.lastNumber(in: room)
            }
        }
    }

    @Test(arguments: Request.allCases)
    func nothingIsDoneAfterTheEnd(request: Request) async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        try store.close()
        #expect(await failure { try await request.ask(store) } == .closed)
        #expect(try await open().texts() == ["one"])
    }

    @Test(arguments: Request.writes)
    func aLockHoldsUpEveryWrite(request: Request) async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        #expect(await failure { try await request.ask(store) } == .locked)
        for read in Set(Request.allCases).subtracting(Request.writes) { try await read.ask(store) }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await store.texts() == ["one"])
        try await request.ask(store)
        #expect(try await store.texts() != ["one"])
    }

    @Test(arguments: Request.writes)
    func garbageStopsEveryWrite(request: Request) async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.write(contentsOf: Data(repeating: 0x5A, count: 8192))
        #expect(await failure { try await request.ask(store) } == .damaged)
        try file.close()
    }

    @Test(arguments: [Request.edit, .delete])
    func whatWasInADeletedFileIsUnknown(request: Request) async throws {
        let store = try open()
        _ = try await store.append(messageDraft("one"))
        for ending in DatabaseFiles.endings { try FileManager.default.removeItem(atPath: path + ending) }
        await #expect(throws: MessageRefusal.unknownMessage) { try await request.ask(store) }
        #expect(try await store.find("one").isEmpty)
        #expect(try await store.lastNumber(in: RoomName("lobby")) == 1)
        #expect(try await store.append(messageDraft("one")).message.number == 2)
        #expect(try await store.find("one") == [2])
    }

    @Test
    func numbersOfALostFileAreNotGivenAgain() async throws {
        let store = try open()
        for room in ["lobby", "lobby", "kitchen"] { _ = try await store.append(messageDraft("x", room: room)) }
        // Of these nothing is lost, so no number is left out.
        for ending in ["-wal", "-shm"] {
            try FileManager.default.removeItem(atPath: path + ending)
            _ = try await store.append(messageDraft("x", room: "kitchen"))
        }
        #expect(try await store.newest(in: "kitchen").messages.map(\.number) == [1, 2, 3])
        let backup = folder.path("backup.sqlite")
        try await store.pool?.vacuum(into: backup)
        let early = folder.path("early.sqlite")
        try FileManager.default.copyItem(atPath: backup, toPath: early)
        #expect(rename(backup, path) == 0)
        #expect(try await store.append(messageDraft("x", room: "kitchen")).message.number == 4)
        #expect(try await store.append(messageDraft("x", room: "cellar")).message.number == 1)
        // Of this something is: no room may give a number again.
        #expect(rename(early, path) == 0)
        for (room, number) in [("cellar", 5), ("kitchen", 5), ("kitchen", 6), ("lobby", 5)] as [(String, Int64)] {
            #expect(try await store.append(messageDraft("x", room: room)).message.number == number, "\(room)")
        }
        for ending in DatabaseFiles.endings { try FileManager.default.removeItem(atPath: path + ending) }
        for (room, number) in [("lobby", 7), ("cellar", 7), ("new", 7), ("new", 8)] as [(String, Int64)] {
            #expect(try await store.append(messageDraft("x", room: room)).message.number == number, "\(room)")
        }
        // Nor after a restart.
        try store.close()
        #expect(try await open().append(messageDraft("x", room: "kitchen")).message.number == 7)
    }

    /// A stop waits a second for the disk, and not for what is being deleted.
    @Test
    func aDiskThatDoesNotAnswerHoldsUpNoStop() async throws {
        let store = try SQLiteMessageStore(path: path, limits: Self.limits) { _, _ in }
        let gate = DispatchSemaphore(value: 0)
        store.writer.async { gate.wait() }
        let sweep = Task { await store.sweep(before: nil) }
        while !sweep.isCancelled { sweep.cancel() }
        #expect(await sweep.value == 0)
        let begin = ContinuousClock.now
        #expect(throws: StorageFailure.unusable("the disk does not answer")) {
            try store.close(patience: .milliseconds(50))
        }
        #expect(begin.duration(to: .now) < .seconds(5))
        gate.signal()
        store.writer.sync {}
        #expect(try await failure(of: store, saying: "late") == .closed)
    }

    @Test
    func aDatabaseOfANewerProgramIsLeftAlone() throws {
        try open().close()
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 later')") }
        try other.close()
        #expect(throws: MessageDatabase.IsNewer.self) { try open() }
    }

    @Test(arguments: [0o022, 0o000])
    func nobodyElseReadsTheFiles(mask: Int) throws {
        let before = umask(mode_t(mask))
        defer { umask(before) }
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644])
        let store = try open()
        for ending in DatabaseFiles.endings {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + ending)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "chat.sqlite\(ending)")
        }
        try store.close()
    }
}

extension DispatchSemaphore {
    /// Waits; for threads that tests may hold up.
    fileprivate func waitForever() { wait() }
}
