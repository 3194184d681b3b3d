import Dispatch
import FoundationEssentials
import GRDB
import Locking
import Logging

/// The messages of all rooms, in SQLite.
///
/// What arrives while a transaction is being written to disk waits for the next one, and goes into it together: the cost
/// of a message is the wait for the disk, and so many messages share one.
///
/// What is acknowledged is on disk, in the file of that name: after each transaction the store looks whether the file is
/// still there. One that was deleted is made anew, one that was put in its place is used; where nothing can be written,
/// requests fail until something can.
final class SQLiteMessageStore: MessageStore {
    /// The most messages of one transaction: bounds how long the first of them waits for the last.
    static let largestBatch = 256

    /// The most messages that wait for the disk, some 20 MiB of the longest; who comes then is refused.
    static let largestQueue = 1024

    private struct Waiter {
        var write: MessageWrite
        var continuation: CheckedContinuation<MessageWritten, any Error>
    }

    private struct State {
        var waiters: [Waiter] = []
        var isScheduled = false
        var isClosed = false
        var transactions = 0
        var writing = StorageHealth()
        var reading = StorageHealth()
        var isChecking = false
    }

    /// Where the database is written, opened and closed.
    let writer = DispatchQueue(label: "linkup.messages.writer")

    private let keeper: DatabaseKeeper
    private let limits: HistoryLimits
    private let logger: Logger
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let onChange: @Sendable (Message, RoomName) -> Void
    private let state = Mutex(State())

    /// Opens the database at `path`, creates it where it is missing, and brings its tables up to date.
    /// - Parameters:
    ///   - path: The file of the database.
    ///   - limits: How much is kept.
    ///   - logger: Where the store says that it can't store, and that it can again.
    ///   - clock: The time.
    ///   - diskSpace: The room on the disk of a path.
    ///   - onChange: Called for each message that is new or has changed, in the order of the changes, once it is on disk
    ///     and before whoever asked for it learns of it; must not wait.
    /// - Throws: What ``MessageDatabase`` throws.
    init(
        path: String,
        limits: HistoryLimits = HistoryLimits(),
        logger: Logger = Logger(label: "linkup.messages"),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        diskSpace: @escaping @Sendable (String) -> (free: Int, all: Int)? = { DatabaseFiles.diskSpace(at: $0) },
        onChange: @escaping @Sendable (Message, RoomName) -> Void
    ) throws {
        self.limits = limits
        self.logger = logger
        self.clock = clock
        self.onChange = onChange
        keeper = try DatabaseKeeper(path: path, limits: limits, logger: logger, clock: clock, diskSpace: diskSpace)
    }

    /// The number of messages that wait for a transaction.
    var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// The number of transactions that stored or changed messages.
    var transactionCount: Int { state.withLock { $0.transactions } }

    /// The connections to the database; `nil` while there is none.
    var pool: DatabasePool? { keeper.pool }

    func append(_ draft: MessageDraft) async throws -> StoredMessage {
        switch try await write(.append(draft)) {
        case .stored(let stored): return stored
        case .refused(let refusal): throw refusal
        case .changed, .unchanged: preconditionFailure("a draft was taken for a change")
        }
    }

    func edit(
        _ number: Int64,
        in room: RoomName,
        by author: String?,
        text: MessageText,
        time: Int64
    ) async throws -> Message {
        try await change(MessageChange(number: number, room: room, author: author, text: text, time: time))
    }

    func delete(_ number: Int64, in room: RoomName, by author: String?, time: Int64) async throws -> Message {
        try await change(MessageChange(number: number, room: room, author: author, time: time))
    }

    func page(in room: RoomName, before number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage {
        try await read { db in
            try MessageDatabase.page(in: room, before: number, limit: limit, maxBytes: maxBytes, db: db)
        }
    }

    func page(in room: RoomName, after number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage {
        try await read { db in
            try MessageDatabase.page(in: room, after: number, limit: limit, maxBytes: maxBytes, db: db)
        }
    }

    func search(
        _ text: SearchText,
        in room: RoomName,
        before number: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws -> MessagePage {
        try await read { db in
            try MessageDatabase.search(text, in: room, before: number, limit: limit, maxBytes: maxBytes, db: db)
        }
    }

    func lastNumber(in room: RoomName) async throws -> Int64 {
        try await read { db in try MessageDatabase.lastNumber(in: room, db: db) }
    }

    func close(patience: Duration) throws {
        state.withLock { $0.isClosed = true }
        let pool = keeper.close()
        let isClosed = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Void, any Error>>(.success(()))
        writer.async {
            let outcome = Result { if let pool { try pool.close() } }
            result.withLock { $0 = outcome }
            isClosed.signal()
        }
        guard isClosed.wait(timeout: .now() + patience / .seconds(1)) == .success else {
            throw StorageFailure.unusable(Self.silence)
        }
        try result.withLock { $0 }.get()
    }

    /// What is said of a disk that takes too long.
    private static let silence = "the disk does not answer"

    func sweep(before oldest: Int64?) async -> Int {
        let deleted = FirstValue<Int>()
        writer.async { [self] in
            // What is deleted makes room, so it does not wait for room.
            let result = keeper.attempt(needsRoom: false) { try $0.sweep(limits, before: oldest) }
            deleted.set((try? result.get()) ?? 0)
        }
        // A stop does not wait for a disk that hangs.
        return await withTaskCancellationHandler {
            await deleted.value
        } onCancel: {
            deleted.set(0)
        }
    }

    func problems(patience: Duration) async -> [String] {
        let (isFirst, hasFailed) = state.withLock { state in
            defer { state.isChecking = true }
            return (!state.isChecking, state.writing.failure != nil)
        }
        // Others ask at the same time: one try is enough for all.
        if isFirst {
            let isAnswered = FirstValue<Bool>()
            writer.async { [self] in
                note(keeper.attempt(needsRoom: true) { if hasFailed { try $0.touch() } }, times: 0)
                state.withLock { $0.isChecking = false }
                isAnswered.set(true)
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience / .seconds(1)) { isAnswered.set(false) }
            guard await isAnswered.value else { return [Self.silence] }
        }
        if let since = keeper.busySince, since.duration(to: clock()) >= patience { return [Self.silence] }
        return state.withLock { state in
            [state.writing.failure, state.reading.failure].compactMap { $0?.description }
        }
    }

    private func change(_ change: MessageChange) async throws -> Message {
        switch try await write(.change(change)) {
        case .changed(let message), .unchanged(let message): return message
        case .refused(let refusal): throw refusal
        case .stored: preconditionFailure("a change was taken for a draft")
        }
    }

    private func write(_ write: MessageWrite) async throws -> MessageWritten {
        try await withCheckedThrowingContinuation { continuation in
            let refusal: StorageFailure? = state.withLock { state in
                if state.isClosed { return .closed }
                guard state.waiters.count < Self.largestQueue else { return .overloaded }
                state.waiters.append(Waiter(write: write, continuation: continuation))
                if !state.isScheduled { writer.async { self.writeBatches() } }
                state.isScheduled = true
                return nil
            }
            guard let refusal else { return }
            if refusal == .overloaded { note(Result<Void, StorageFailure>.failure(refusal), times: 1) }
            continuation.resume(throwing: refusal)
        }
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        guard let pool else { throw StorageFailure.gone }
        do {
            let value = try await pool.read(body)
            log(state.withLock { $0.reading.succeed() }, "The chat history", "be read")
            return value
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            guard !state.withLock({ $0.isClosed }) else { throw StorageFailure.closed }
            let (failure, now) = (StorageFailure(error), clock())
            log(state.withLock { $0.reading.fail(failure, times: 1, at: now) }, "The chat history", "be read")
            throw failure
        }
    }
}

// MARK: On the writer's queue

extension SQLiteMessageStore {
    private func writeBatches() {
        let batch = state.withLock { state in
            let batch = Array(state.waiters.prefix(Self.largestBatch))
            state.waiters.removeFirst(batch.count)
            return batch
        }
        let needsRoom = !batch.allSatisfy(\.write.isDeletion)
        deliver(keeper.attempt(needsRoom: needsRoom) { try $0.write(batch.map(\.write)) }, to: batch)
        // Others have their turn in between.
        let isMore = state.withLock { state in
            state.isScheduled = !state.waiters.isEmpty
            return state.isScheduled
        }
        if isMore { writer.async { self.writeBatches() } }
    }

    private func deliver(_ result: Result<[MessageWritten], StorageFailure>, to batch: [Waiter]) {
        switch result {
        case .success(let results):
            state.withLock { $0.transactions += 1 }
            keeper.give(results.compactMap(\.number))
            for (waiter, written) in zip(batch, results) {
                if let message = written.news { onChange(message, waiter.write.room) }
            }
            for (waiter, written) in zip(batch, results) { waiter.continuation.resume(returning: written) }
            note(result, times: 0)
        case .failure(let failure):
            // Those who came meanwhile would only wait for the same.
            let others = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            note(result, times: batch.count + others.count)
            for waiter in batch + others { waiter.continuation.resume(throwing: failure) }
        }
    }

    private func note(_ result: Result<some Any, StorageFailure>, times: Int) {
        let now = clock()
        let notice = state.withLock { state in
            switch result {
            case .success: state.writing.succeed()
            case .failure(let failure): state.writing.fail(failure, times: times, at: now)
            }
        }
        log(notice, "Chat messages", "be stored")
    }

    private func log(_ notice: StorageHealth.Notice?, _ subject: String, _ verb: String) {
        switch notice {
        case nil: break
        case .recovered: logger.notice("\(subject) can \(verb) again")
        case .failing(let failure, let times):
            logger.error("\(subject) can't \(verb)", metadata: ["reason": "\(failure)", "requests": "\(times)"])
        }
    }
}
