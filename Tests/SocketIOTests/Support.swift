import EngineIO
import Locking
import Logging
import SocketIOTestKit

@testable import SocketIO

/// Collects values from handlers.
final class Journal<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    func add(_ entry: Entry) { state.withLock { $0.append(entry) } }
    var entries: [Entry] { state.withLock { $0 } }

    /// Gives the entries away.
    func takeAll() -> [Entry] {
        state.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }
}

/// A log that tests can read.
struct JournalLogHandler: LogHandler {
    let journal: Journal<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = event.metadata ?? [:]
        let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        journal.add("\(event.level) \(event.message) \(pairs.joined(separator: " "))")
    }
}

/// A server with a loop and a client in the main namespace.
struct Fixture: Sendable {
    let loop = ManualLoop()
    let log = Journal<String>()
    let io: SocketIOServer

    init(_ configuration: SocketIOServer.Configuration = .init()) {
        let log = log
        let logger = Logger(label: "test") { _ in JournalLogHandler(journal: log) }
        io = SocketIOServer(configuration: configuration, logger: logger)
    }

    /// A connection that has joined nothing.
    func connect(on loop: ManualLoop? = nil, version: EngineProtocolVersion = .v4) -> TestConnection {
        let connection = TestConnection(on: loop ?? self.loop, version: version)
        connection.open(on: io)
        return connection
    }

    /// A connection that has joined a namespace; what was sent until then is taken off.
    func join(_ namespace: String = "/", on loop: ManualLoop? = nil) -> TestConnection {
        let connection = connect(on: loop)
        connection.receive(.text(namespace == "/" ? "40" : "40\(namespace),"))
        _ = connection.takeSent()
        return connection
    }

    /// Starts `operation`, calls `reply` once the client was sent something, and gives the result.
    func ask<Answer: Sendable>(
        _ client: TestConnection,
        _ reply: () -> Void,
        _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Result<Answer, any Error> {
        let results = Journal<Result<Answer, any Error>>()
        let task = Task {
            do { results.add(.success(try await operation())) } catch { results.add(.failure(error)) }
        }
        try await loop.wait(until: { !client.sent.isEmpty })
        reply()
        try await loop.wait(until: { !results.entries.isEmpty })
        await task.value
        return results.entries[0]
    }

    /// Turns the loops until `operation` has ended.
    func wait<Result: Sendable>(
        also other: ManualLoop? = nil,
        _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let done = Journal<Bool>()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { [loop] in
                while done.entries.isEmpty {
                    loop.turn()
                    other?.turn()
                    await Task.yield()
                }
                return nil
            }
            group.addTask {
                defer { done.add(true) }
                return try await operation()
            }
            var result: Result?
            for try await value in group { result = value ?? result }
            guard let result else { throw ManualLoop.NeverHappened() }
            return result
        }
    }
}
