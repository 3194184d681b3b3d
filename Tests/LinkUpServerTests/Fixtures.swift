import EngineIO
import Locking
import NIOCore
import SocketIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A loop that runs when it is told, with a clock that stands still in between.
///
final class ManualLoop: EngineLoop {
    private struct State {
        var now = ContinuousClock.now
        var work: [@Sendable () -> Void] = []
        var timers: [(id: Int, deadline: ContinuousClock.Instant, work: @Sendable () -> Void)] = []
        var lastTimer = 0
        var thread: UInt?
    }

    private let state = Mutex(State())

    private static var currentThread: UInt { UInt(bitPattern: pthread_self().hashValue) }

    /// Whether the thread is the one that runs the loop at the moment.
    var isCurrent: Bool { state.withLock { $0.thread == Self.currentThread } }
    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    /// How many timers wait.
    var timerCount: Int { state.withLock { $0.timers.count } }

    func execute(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.work.append(work) }
    }

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let id = state.withLock { state in
            state.lastTimer += 1
            state.timers.append((state.lastTimer, deadline, work))
            return state.lastTimer
        }
        return EngineTimer { self.state.withLock { state in state.timers.removeAll { $0.id == id } } }
    }

    /// Runs what is queued, and what that queues.
    func run() {
        while let next = state.withLock({ $0.work.isEmpty ? nil : $0.work.removeFirst() }) { onLoop(next) }
    }

    /// Runs `body` on the loop, and then what is queued.
    func turn<Result>(_ body: () throws -> Result) rethrows -> Result {
        defer { run() }
        return try onLoop(body)
    }

    private func onLoop<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = state.withLock { state in
            defer { state.thread = Self.currentThread }
            return state.thread
        }
        defer { state.withLock { $0.thread = previous } }
        return try body()
    }

    /// Lets time pass and runs what is due.
    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.timers.filter { $0.deadline <= state.now }
            state.timers.removeAll { $0.deadline <= state.now }
            return due
        }
        for timer in due { onLoop(timer.work) }
        run()
    }
}

/// A client in one namespace, without a network: packets go in and out as text.
final class FakeClient: EngineConnection, @unchecked Sendable {
    let id: String
    let protocolVersion = EngineProtocolVersion.v4
    let handshake: HandshakeRequest
    let loop: any EngineLoop
    let transport = EngineTransport.webSocket
    let isWritable = true
    /// What waits for the client; a test sets it.
    var bufferedBytes: Int {
        get { buffered.withLock { $0 } }
        set { buffered.withLock { $0 = newValue } }
    }
    let bufferedPackets = 0
    /// The id of its socket; `nil` when it was not let in.
    private(set) var socketID: String?
    /// How many connections there have been.
    private static let count = Mutex(0)

    private let manualLoop: ManualLoop
    private let namespace: String
    private var handler: (any EngineConnectionHandler)?
    private let packets = Mutex<[String]>([])
    private let buffered = Mutex(0)
    private var lastRequest = 0

    init(
        _ namespace: String,
        of server: SocketIOServer,
        on loop: ManualLoop,
        host: String? = "localhost:3000",
        address: String = "192.0.2.1"
    ) {
        id = Self.count.withLock { count in
            count += 1
            return "engine \(count)"
        }
        self.namespace = namespace
        self.loop = loop
        manualLoop = loop
        handshake = HandshakeRequest(
            target: "/socket.io/",
            query: [],
            headers: host.map { [.init(name: "Host", value: $0)] } ?? [],
            remoteAddress: address,
            isSecure: false,
            time: loop.now
        )
        handler = loop.turn { server.receiveConnection(self) }
        receive("0\(namespace),")
        // {"sid":"…"}
        socketID = take().first?.split(separator: "\"").dropFirst(3).first.map(String.init)
    }

    func send(_ message: EncodedMessage) {
        packets.withLock { $0.append(String(buffer: message.payload)) }
    }

    func close(_ reason: EngineCloseReason) {
        disconnect()
    }

    /// The connection is lost.
    func disconnect(_ reason: EngineCloseReason = .transportClose) {
        let handler = handler
        self.handler = nil
        manualLoop.turn { handler?.connectionClosed(reason) }
    }

    /// Leaves the namespace and joins it again.
    /// - Returns: Whether it was let in.
    func enterAgain() -> Bool {
        receive("1\(namespace),")
        packets.withLock { $0 = [] }
        receive("0\(namespace),")
        return packets.withLock { packets in
            defer { packets = [] }
            return packets.contains { $0.hasPrefix("0") }
        }
    }

    /// Leaves the namespace and tries to join it again.
    /// - Returns: Why it was not let in.
    func refusedEntry() -> String {
        receive("1\(namespace),")
        _ = take()
        receive("0\(namespace),")
        return take().joined()
    }

    /// Receives packets, all before anything that they cause runs later.
    func receive(_ texts: String...) {
        manualLoop.turn {
            for text in texts { handler?.receive(.text(ByteBuffer(string: text))) }
        }
    }

    /// The packets that came since the last call, without type and namespace.
    func take() -> [String] {
        packets.withLock { packets in
            defer { packets = [] }
            return packets.map { String($0.dropFirst(namespace.utf8.count + 2)) }
        }
    }

    /// Sends a request and returns what came, its acknowledgement (`ID[…]`) without the id.
    func request(_ event: String, _ argument: String) -> [String] {
        lastRequest += 1
        receive("2\(namespace),\(lastRequest)[\"\(event)\",\(argument)]")
        return take().map { packet in
            packet.hasPrefix("\(lastRequest)[") ? String(packet.dropFirst("\(lastRequest)".utf8.count)) : packet
        }
    }

    /// Sends a request whose answer takes time, and waits for the acknowledgement.
    func requestLater(_ event: String, _ argument: String) async -> [String] {
        var answers = request(event, argument)
        while !answers.contains(where: { $0.hasPrefix("[{") || $0.hasPrefix("\(lastRequest)[") }) {
            await Task.yield()
            manualLoop.run()
            answers += take()
        }
        return answers.map { packet in
            packet.hasPrefix("\(lastRequest)[") ? String(packet.dropFirst("\(lastRequest)".utf8.count)) : packet
        }
    }
}
