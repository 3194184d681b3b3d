import Dispatch
import FoundationEssentials
import GRDB
import Locking
import Logging

/// The history of all rooms, in SQLite.
///
/// Messages that arrive while a transaction is being written to disk wait for the next one, and go into it together:
/// the cost of a message is the wait for the disk, and so many messages share one.
///
/// What is acknowledged is on disk, in the file of that name: after each transaction the store looks whether the file is
/// still there. One that was deleted is made anew, one that was put in its place is used; where nothing can be written,
/// requests fail until something can.
final class ChatStore: Sendable {
    /// What became of a draft.
    enum Stored: Equatable, Sendable {
        /// It was stored as this message.
        case new(ChatMessage)
        /// Its key was known in the room; this is the message that was stored the first time.
        case known(ChatMessage)

        /// The message, new or known.
        var message: ChatMessage {
            switch self {
            case .new(let message), .known(let message): message
            }
        }
    }

    /// The most messages of one transaction: bounds how long the first of them waits for the last.
    static let largestBatch = 256

    /// The most messages that wait for the disk, some 20 MiB of the longest; who comes then is refused.
    static let largestQueue = 1024

    /// The most bytes of a page unless another number is asked for: a quarter of what may wait for a client to read it.
    static let largestPage = 262_144

    /// How long a file that can't be opened is left alone before the next try.
    static let reopeningInterval = Duration.seconds(1)

    private struct Waiter {
        var draft: ChatDraft
        var continuation: CheckedContinuation<Stored, any Error>
    }

    private struct State {
        var waiters: [Waiter] = []
        var isScheduled = false
        var isClosed = false
        var transactions = 0
        var database: ChatDatabase?
        var writing = StorageHealth()
        var reading = StorageHealth()
        var isChecking = false
        /// When the writer began with what it does; `nil` when it does nothing.
        var busySince: ContinuousClock.Instant?
    }

    /// Where the database is written, opened and closed.
    let writer = DispatchQueue(label: "linkup.chat.writer")

    private let path: String
    private let limits: HistoryLimits
    private let logger: Logger
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let diskSpace: @Sendable (String) -> (free: Int, all: Int)?
    private let onStored: @Sendable (ChatMessage) -> Void
    private let state = Mutex(State())
    /// What the writer alone knows: the last id that it gave, and when it may open the file again.
    private let memory: Mutex<(lastID: Int64, opening: ContinuousClock.Instant, problem: StorageFailure)>

    /// Opens the database at `path`, creates it where it is missing, and brings its tables up to date.
    /// - Parameters:
    ///   - path: The file of the database.
    ///   - limits: How much is kept.
    ///   - logger: Where the store says that it can't store, and that it can again.
    ///   - clock: The time.
    ///   - diskSpace: The room on the disk of a path.
    ///   - onStored: Called for each new message, in order of the ids, once it is on disk and before its author
    ///     learns of it; must not wait.
    /// - Throws: ``ChatDatabase/IsNewer``, or what SQLite has to say.
    init(
        path: String,
        limits: HistoryLimits = HistoryLimits(),
        logger: Logger = Logger(label: "linkup.chat"),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        diskSpace: @escaping @Sendable (String) -> (free: Int, all: Int)? = { DatabaseFiles.diskSpace(at: $0) },
        onStored: @escaping @Sendable (ChatMessage) -> Void
    ) throws {
        self.path = path
        self.limits = limits
        self.logger = logger
        self.clock = clock
        self.diskSpace = diskSpace
        self.onStored = onStored
        let database = try ChatDatabase(path: path, limits: limits, lastID: 0)
        memory = Mutex((try database.lastID(), clock(), .gone))
        state.withLock { $0.database = database }
    }

    /// The number of messages that wait for a transaction.
    var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// The number of transactions that stored messages.
    var transactionCount: Int { state.withLock { $0.transactions } }

    /// The connections to the database; `nil` while there is none.
    var pool: DatabasePool? { state.withLock { $0.database?.pool } }

    /// Stores a message; returns when it is on disk.
    /// - Throws: ``StorageFailure``; then nothing of the message is stored.
    func append(_ draft: ChatDraft) async throws -> Stored {
        try await withCheckedThrowingContinuation { continuation in
            let refusal: StorageFailure? = state.withLock { state in
                if state.isClosed { return .closed }
                guard state.waiters.count < Self.largestQueue else { return .overloaded }
                state.waiters.append(Waiter(draft: draft, continuation: continuation))
                if !state.isScheduled { writer.async { self.writeBatches() } }
                state.isScheduled = true
                return nil
            }
            guard let refusal else { return }
            if refusal == .overloaded { note(Result<Void, StorageFailure>.failure(refusal), times: 1) }
            continuation.resume(throwing: refusal)
        }
    }

    /// Reads the newest messages of a room.
    func newest(in room: RoomName, limit: Int, maxBytes: Int = largestPage) async throws -> ChatPage {
        try await page(in: room, before: .max, limit: limit, maxBytes: maxBytes)
    }

    /// Reads the messages of a room directly before a message.
    /// - Parameters:
    ///   - room: The room.
    ///   - id: The id before which the messages stand; it need not be one of this room.
    ///   - limit: The most messages to read, at least 1.
    ///   - maxBytes: How many bytes their JSON may have; one message is read whatever it has.
    /// - Returns: The messages, and whether there are older ones.
    /// - Throws: ``StorageFailure``, or that the task was cancelled.
    func page(in room: RoomName, before id: Int64, limit: Int, maxBytes: Int = largestPage) async throws -> ChatPage {
        guard let pool else { throw StorageFailure.gone }
        do {
            let page = try await pool.read { db in
                try ChatPage(of: room, before: id, limit: limit, maxBytes: maxBytes, in: db)
            }
            log(state.withLock { $0.reading.succeed() }, "The chat history", "be read")
            return page
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            guard !state.withLock({ $0.isClosed }) else { throw StorageFailure.closed }
            let (failure, now) = (StorageFailure(error), clock())
            log(state.withLock { $0.reading.fail(failure, times: 1, at: now) }, "The chat history", "be read")
            throw failure
        }
    }

    /// Closes the database after what is being written; later calls fail.
    /// - Parameter patience: How long the disk may take; a second of the five that a stop has.
    /// - Throws: What SQLite has to say, or that the disk does not answer.
    func close(patience: Duration = .seconds(1)) throws {
        let database = state.withLock { state in
            state.isClosed = true
            return state.database
        }
        let isClosed = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Void, any Error>>(.success(()))
        writer.async {
            let outcome = Result { if let database { try database.pool.close() } }
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

    /// Deletes a slice of what is not kept any longer, when the writer has time for it.
    /// - Parameter oldest: Messages from before this time, in milliseconds since 1970, are not kept; `nil` for all.
    /// - Returns: How many messages were deleted; 0 when there is nothing more to delete, or the task was cancelled.
    func sweep(before oldest: Int64?) async -> Int {
        let deleted = FirstValue<Int>()
        writer.async { [self] in
            // What is deleted makes room, so it does not wait for room.
            let result = attempt(needsRoom: false) { try $0.sweep(limits, before: oldest) }
            deleted.set((try? result.get()) ?? 0)
        }
        // A stop does not wait for a disk that hangs.
        return await withTaskCancellationHandler {
            await deleted.value
        } onCancel: {
            deleted.set(0)
        }
    }

    /// Says why messages can't be stored or read; tries it where it last failed.
    /// - Parameter patience: How long the writer may take before it counts as a failure.
    /// - Returns: Parts of sentences; empty when all is well.
    func problems(patience: Duration = .seconds(3)) async -> [String] {
        let (isFirst, hasFailed) = state.withLock { state in
            defer { state.isChecking = true }
            return (!state.isChecking, state.writing.failure != nil)
        }
        // Others ask at the same time: one try is enough for all.
        if isFirst {
            let isAnswered = FirstValue<Bool>()
            writer.async { [self] in
                note(attempt(needsRoom: true) { if hasFailed { try $0.touch() } }, times: 0)
                state.withLock { $0.isChecking = false }
                isAnswered.set(true)
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience / .seconds(1)) { isAnswered.set(false) }
            guard await isAnswered.value else { return [Self.silence] }
        }
        let now = clock()
        return state.withLock { state in
            if let since = state.busySince, since.duration(to: now) >= patience { return [Self.silence] }
            return [state.writing.failure, state.reading.failure].compactMap { $0?.description }
        }
    }
}

// MARK: On the writer's queue

extension ChatStore {
    private func writeBatches() {
        let batch = state.withLock { state in
            let batch = Array(state.waiters.prefix(Self.largestBatch))
            state.waiters.removeFirst(batch.count)
            return batch
        }
        deliver(attempt(needsRoom: true) { try $0.write(batch.map(\.draft)) }, to: batch)
        // Others have their turn in between.
        let isMore = state.withLock { state in
            state.isScheduled = !state.waiters.isEmpty
            return state.isScheduled
        }
        if isMore { writer.async { self.writeBatches() } }
    }

    private func deliver(_ result: Result<[Stored], StorageFailure>, to batch: [Waiter]) {
        switch result {
        case .success(let results):
            state.withLock { $0.transactions += 1 }
            memory.withLock { $0.lastID = max($0.lastID, results.map(\.message.id).max() ?? 0) }
            for case .new(let message) in results { onStored(message) }
            for (waiter, stored) in zip(batch, results) { waiter.continuation.resume(returning: stored) }
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

    /// Does something with the database, and does it again where its file was deleted or replaced meanwhile.
    private func attempt<Value>(
        needsRoom: Bool,
        _ body: (ChatDatabase) throws -> Value
    ) -> Result<Value, StorageFailure> {
        let now = clock()
        state.withLock { $0.busySince = now }
        defer { state.withLock { $0.busySince = nil } }
        do {
            return .success(try attempt(needsRoom: needsRoom, tries: 2, body))
        } catch {
            return .failure(StorageFailure(error))
        }
    }

    private func attempt<Value>(
        needsRoom: Bool,
        tries: Int,
        _ body: (ChatDatabase) throws -> Value
    ) throws -> Value {
        for _ in 0..<tries {
            let database = try opened()
            if needsRoom, let space = diskSpace(database.pool.path),
                limits.isFull(free: space.free, of: space.all)
            {
                throw StorageFailure.diskFull
            }
            let result = Result { try body(database) }
            switch database.files.condition {
            case .intact:
                if case .failure(let error) = result, case .unusable = StorageFailure(error) { abandon(database) }
                return try result.get()
            case .damaged: throw StorageFailure.damaged
            case .gone: abandon(database)
            }
        }
        throw StorageFailure.gone
    }

    /// The database, as its files are now.
    private func opened() throws -> ChatDatabase {
        let (database, isClosed) = state.withLock { ($0.database, $0.isClosed) }
        if let database {
            switch database.files.condition {
            case .intact: return database
            // Nothing is written to it: what is on the disk may yet be of use to somebody.
            case .damaged: throw StorageFailure.damaged
            case .gone: if !isClosed { abandon(database) }
            }
        }
        guard !isClosed else { throw StorageFailure.closed }
        let now = clock()
        let (lastID, opening, problem) = memory.withLock { $0 }
        guard now >= opening else { throw problem }
        do {
            let database = try ChatDatabase(path: path, limits: limits, lastID: lastID)
            state.withLock { $0.database = database }
            return database
        } catch {
            let failure = StorageFailure(error)
            memory.withLock { memory in
                memory.opening = now + Self.reopeningInterval
                memory.problem = failure
            }
            throw failure
        }
    }

    /// Lets go of a database whose files are not those that were opened, or that can't be used.
    ///
    /// It is closed before the next one is opened: what was written last is then in the file, if it has its name yet.
    private func abandon(_ database: ChatDatabase) {
        logger.warning("The file of the chat history is opened again", metadata: ["path": "\(path)"])
        state.withLock { $0.database = nil }
        // A journal that has lost its name is still open here, and nowhere else.
        _ = try? database.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? database.pool.close()
        database.files.removeRemains()
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
