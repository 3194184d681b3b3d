import EngineIO
import Locking
import Logging
import NIOCore

@testable import SocketIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A loop whose turns and clock the test drives by hand.
///
/// Unchecked: the state is behind a mutex.
final class ManualLoop: EngineLoop, @unchecked Sendable {
    private struct State {
        var now = ContinuousClock.now
        var queue: [@Sendable () -> Void] = []
        var timers: [(id: Int, deadline: ContinuousClock.Instant, work: @Sendable () -> Void)] = []
        var lastTimer = 0
        var executed = 0
        var thread: UInt?
    }

    private let state = Mutex(State())

    private static var currentThread: UInt { UInt(bitPattern: pthread_self().hashValue) }

    var isCurrent: Bool { state.withLock { $0.thread == Self.currentThread } }
    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    var queued: Int { state.withLock { $0.queue.count } }
    /// How much was queued and then run since the test set it.
    var executed: Int {
        get { state.withLock { $0.executed } }
        set { state.withLock { $0.executed = newValue } }
    }
    var timerCount: Int { state.withLock { $0.timers.count } }

    func execute(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.queue.append(work) }
    }

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let id = state.withLock { state in
            state.lastTimer += 1
            state.timers.append((state.lastTimer, deadline, work))
            return state.lastTimer
        }
        return EngineTimer { [weak self] in
            self?.state.withLock { state in state.timers.removeAll { $0.id == id } }
        }
    }

    /// Runs `body` on the loop, and then everything that is queued.
    func turn<Result>(_ body: () throws -> Result) rethrows -> Result {
        let result = try onLoop(body)
        drain()
        return result
    }

    /// Runs `body` on the loop and leaves the queue alone.
    func onLoop<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = state.withLock { state in
            defer { state.thread = Self.currentThread }
            return state.thread
        }
        defer { state.withLock { $0.thread = previous } }
        return try body()
    }

    /// Runs what is queued, until nothing is.
    func drain() {
        while let work = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) {
            onLoop(work)
            state.withLock { $0.executed += 1 }
        }
    }

    /// Runs what is queued until `condition` holds; work that ran elsewhere may queue more.
    /// - Throws: When the condition does not come to hold.
    func drain(until condition: () -> Bool) async throws {
        for _ in 0..<100_000 {
            drain()
            if condition() { return }
            await Task.yield()
        }
        throw NeverHappened()
    }

    /// The condition of ``drain(until:)`` did not come to hold.
    struct NeverHappened: Error {}

    /// Moves the clock and runs the timers that are due.
    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.timers.filter { $0.deadline <= state.now }
            state.timers.removeAll { $0.deadline <= state.now }
            return due.sorted { $0.deadline < $1.deadline }
        }
        for timer in due { turn(timer.work) }
    }
}

/// What a client would see: text with `4` before it, binary messages, the end.
enum Sent: Equatable, CustomStringConvertible, ExpressibleByStringLiteral {
    case text(String)
    case binary([UInt8])
    case closed

    init(stringLiteral value: String) { self = .text(value) }

    var description: String {
        switch self {
        case .text(let text): text
        case .binary(let bytes): "binary \(bytes)"
        case .closed: "closed"
        }
    }
}

/// A connection that records what is sent.
///
/// Unchecked: used on its loop, or by the test while the loop rests.
final class FakeConnection: EngineConnection, @unchecked Sendable {
    let id: String
    let protocolVersion: EngineProtocolVersion
    let handshake: HandshakeRequest
    let manualLoop: ManualLoop
    private(set) var sent: [Sent] = []
    private(set) var sentMessages: [EncodedMessage] = []
    private(set) var isClosed = false
    private var handler: (any EngineConnectionHandler)?

    var loop: any EngineLoop { manualLoop }
    private(set) var transport = EngineTransport.webSocket
    var isWritable = true
    var bufferedBytes = 0
    /// How many messages it takes until it is not writable; `nil` for any number.
    var messagesUntilFull: Int?
    let bufferedPackets = 0

    init(_ loop: ManualLoop, id: String = "engine-id-0123456789", version: EngineProtocolVersion = .v4) {
        self.id = id
        manualLoop = loop
        protocolVersion = version
        handshake = HandshakeRequest(
            target: "/socket.io/?EIO=4&transport=websocket",
            query: [.init(name: "EIO", value: "4")],
            headers: [.init(name: "Host", value: "localhost")],
            remoteAddress: "127.0.0.1",
            isSecure: false,
            time: loop.now
        )
    }

    func open(on server: some EngineApplication) {
        manualLoop.turn { handler = server.receiveConnection(self) }
    }

    func send(_ message: EncodedMessage) {
        precondition(loop.isCurrent, "send is called on the loop")
        guard !isClosed else { return }
        sentMessages.append(message)
        if let left = messagesUntilFull { isWritable = sentMessages.count % left != 0 }
        if message.isBinary {
            sent.append(.binary(Array(message.payload.readableBytesView)))
        } else {
            sent.append(.text(String(buffer: message.packet)))
        }
    }

    func close(_ reason: EngineCloseReason) {
        precondition(loop.isCurrent, "close is called on the loop")
        end(reason)
    }

    /// The transport ends.
    func end(_ reason: EngineCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        sent.append(.closed)
        let handler = self.handler
        self.handler = nil
        handler?.connectionClosed(reason)
    }

    /// The transport takes more.
    func becomeWritable() {
        isWritable = true
        bufferedBytes = 0
        manualLoop.turn { handler?.connectionBecameWritable() }
    }

    /// The client moves to another transport.
    func change(to transport: EngineTransport) {
        self.transport = transport
        manualLoop.turn { handler?.transportChanged(to: transport) }
    }

    /// The client sends messages, as they look with the `4` of Engine.IO; binary ones as bytes.
    func receive(_ messages: Sent...) {
        for message in messages {
            manualLoop.turn {
                switch message {
                case .text(let text): handler?.receive(.text(ByteBuffer(string: String(text.dropFirst()))))
                case .binary(let bytes): handler?.receive(.binary(ByteBuffer(bytes: bytes)))
                case .closed: end(.transportClose)
                }
            }
        }
    }

    /// The client sends a message that is a part of what was read.
    func receive(_ message: EngineMessage) {
        manualLoop.turn { handler?.receive(message) }
    }

    /// The client sends a text message within a turn that the test has begun.
    func receiveWithoutTurn(_ text: String) {
        handler?.receive(.text(ByteBuffer(string: String(text.dropFirst()))))
    }

    /// What was sent since the last call.
    func takeSent() -> [Sent] {
        defer { sent = [] }
        return sent
    }
}

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
    func connect(on loop: ManualLoop? = nil, version: EngineProtocolVersion = .v4) -> FakeConnection {
        let connection = FakeConnection(loop ?? self.loop, version: version)
        connection.open(on: io)
        return connection
    }

    /// A connection that has joined a namespace; what was sent until then is taken off.
    func join(_ namespace: String = "/", on loop: ManualLoop? = nil) -> FakeConnection {
        let connection = connect(on: loop)
        connection.receive(.text(namespace == "/" ? "40" : "40\(namespace),"))
        _ = connection.takeSent()
        return connection
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
                    loop.drain()
                    other?.drain()
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
