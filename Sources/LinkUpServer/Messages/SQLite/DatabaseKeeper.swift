import GRDB
import Locking
import Logging

/// Keeps a database open, and opens it again where its file was deleted or replaced.
final class DatabaseKeeper: Sendable {
    /// How long a file that can't be opened is left alone before the next try.
    static let reopeningInterval = Duration.seconds(1)

    private struct State {
        var database: MessageDatabase?
        var isClosed = false
        /// When the writer began with what it does; `nil` when it does nothing.
        var busySince: ContinuousClock.Instant?
        var given: GivenNumbers
        /// When the file may be opened again, and why it could not be.
        var opening: ContinuousClock.Instant
        var problem = StorageFailure.gone
    }

    private let path: String
    private let limits: HistoryLimits
    private let logger: Logger
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let diskSpace: @Sendable (String) -> (free: Int, all: Int)?
    private let state: Mutex<State>

    /// Opens a database.
    /// - Throws: What ``MessageDatabase`` throws.
    init(
        path: String,
        limits: HistoryLimits,
        logger: Logger,
        clock: @escaping @Sendable () -> ContinuousClock.Instant,
        diskSpace: @escaping @Sendable (String) -> (free: Int, all: Int)?
    ) throws {
        self.path = path
        self.limits = limits
        self.logger = logger
        self.clock = clock
        self.diskSpace = diskSpace
        let database = try MessageDatabase(path: path, limits: limits, given: nil, logger: logger)
        state = Mutex(State(database: database, given: database.numbers, opening: clock()))
    }

    /// The connections to the database; `nil` while there is none.
    var pool: DatabasePool? { state.withLock { $0.database?.pool } }

    /// Whether nothing more is to be done with it.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// When the writer began with what it does; `nil` when it does nothing.
    var busySince: ContinuousClock.Instant? { state.withLock { $0.busySince } }

    /// Lets nothing more be opened.
    /// - Returns: What is open; it is to be closed by the writer.
    func close() -> DatabasePool? {
        state.withLock { state in
            state.isClosed = true
            return state.database?.pool
        }
    }

    /// Does something with the database, and does it again where its file was deleted or replaced meanwhile.
    func attempt<Value>(
        needsRoom: Bool,
        _ body: (MessageDatabase) throws -> Value
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

    /// Numbers were given, which are on disk.
    func give(_ numbers: [Int64]) {
        state.withLock { state in
            state.given.count += Int64(numbers.count)
            state.given.highest = max(state.given.highest, numbers.max() ?? 0)
        }
    }

    private func attempt<Value>(
        needsRoom: Bool,
        tries: Int,
        _ body: (MessageDatabase) throws -> Value
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
    private func opened() throws -> MessageDatabase {
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
        let (given, opening, problem) = state.withLock { ($0.given, $0.opening, $0.problem) }
        guard now >= opening else { throw problem }
        do {
            let database = try MessageDatabase(path: path, limits: limits, given: given, logger: logger)
            state.withLock { state in
                state.database = database
                state.given = database.numbers
            }
            return database
        } catch {
            let failure = StorageFailure(error)
            state.withLock { state in
                state.opening = now + Self.reopeningInterval
                state.problem = failure
            }
            throw failure
        }
    }

    /// Lets go of a database whose files are not those that were opened, or that can't be used.
    ///
    /// It is closed before the next one is opened: what was written last is then in the file, if it has its name yet.
    private func abandon(_ database: MessageDatabase) {
        logger.warning("The file of the chat history is opened again", metadata: ["path": "\(path)"])
        state.withLock { $0.database = nil }
        // A journal that has lost its name is still open here, and nowhere else.
        _ = try? database.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? database.pool.close()
        database.files.removeRemains()
    }
}
