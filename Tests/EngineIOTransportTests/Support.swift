import EngineIO
import Locking
import Logging
import NIOCore
import NIOEmbedded

@testable import EngineIOTransport

/// Remembers what its one connection is told.
final class TestApplication: EngineApplication, EngineConnectionHandler, Sendable {
    private struct State {
        var connection: (any EngineConnection)?
        var messages: [EngineMessage] = []
        var closeReasons: [EngineCloseReason] = []
        var timesWritable = 0
        var transports: [EngineTransport] = []
        var next: TestApplication?
        var shutdown: (@Sendable () -> Void)?
        var answer: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var connection: (any EngineConnection)? { state.withLock { $0.connection } }
    var messages: [EngineMessage] { state.withLock { $0.messages } }
    var closeReasons: [EngineCloseReason] { state.withLock { $0.closeReasons } }
    var timesWritable: Int { state.withLock { $0.timesWritable } }
    var transports: [EngineTransport] { state.withLock { $0.transports } }

    /// Lets go of the connection.
    func forget() {
        state.withLock { $0.connection = nil }
    }

    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler {
        if let next = state.withLock({ $0.next }) { return next.receiveConnection(connection) }
        state.withLock { $0.connection = connection }
        return self
    }

    /// Leaves the next connection to another.
    func leaveNext(to next: TestApplication) {
        state.withLock { $0.next = next }
    }

    /// What the application does when the server stops.
    func onShutdown(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.shutdown = work }
    }

    func shutdown(gracePeriod: Duration) async {
        state.withLock { $0.shutdown }?()
    }

    /// What the application does with each message, besides remembering it.
    func onMessage(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.answer = work }
    }

    func receive(_ message: EngineMessage) {
        let answer = state.withLock { state in
            state.messages.append(message)
            return state.answer
        }
        answer?()
    }

    func connectionBecameWritable() {
        state.withLock { $0.timesWritable += 1 }
    }

    func transportChanged(to transport: EngineTransport) {
        state.withLock { $0.transports.append(transport) }
    }

    func connectionClosed(_ reason: EngineCloseReason) {
        state.withLock { $0.closeReasons.append(reason) }
    }
}

/// A clock that is set by hand.
final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    var engineClock: EngineClock {
        EngineClock { self.now }
    }

    func advance(by duration: Duration) {
        time.withLock { $0 += duration }
    }
}

/// A client on a channel without a socket, connected by WebSocket.
struct TestClient {
    let application: TestApplication
    let clock: TestClock
    let server: EngineServer
    let channel: EmbeddedChannel

    /// What the server answered to the handshake, and the packets that came with it.
    let response: ByteBuffer

    /// Connects.
    /// - Parameters:
    ///   - configuration: The server's.
    ///   - headers: Further header fields of the request.
    ///   - reads: In how many reads the request arrives.
    /// - Throws: What the channel throws.
    init(_ configuration: EngineConfiguration = .init(), headers: [String] = [], reads: Int = 1) throws {
        let application = TestApplication()
        let clock = TestClock()
        let server = EngineServer(application, configuration: configuration, clock: clock.engineClock)
        try self.init(application, server, clock, EmbeddedEventLoop(), headers, reads)
    }

    /// Connects to the same server as another, on the same loop.
    init(of other: Self) throws {
        let application = TestApplication()
        other.application.leaveNext(to: application)
        try self.init(application, other.server, other.clock, other.channel.embeddedEventLoop, [], 1)
    }

    private init(
        _ application: TestApplication,
        _ server: EngineServer,
        _ clock: TestClock,
        _ loop: EmbeddedEventLoop,
        _ headers: [String],
        _ reads: Int
    ) throws {
        self.application = application
        self.server = server
        self.clock = clock
        channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        try channel.configureEngineIO([server], other: .refuse)
        let lines =
            [
                "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1", "Host: localhost", "Connection: Upgrade",
                "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ] + headers
        var request = ByteBuffer(string: lines.map { $0 + "\r\n" }.joined() + "\r\n")
        let part = request.readableBytes / reads
        for _ in 1..<reads { try channel.writeInbound(request.readSlice(length: part)) }
        try channel.writeInbound(request)
        channel.embeddedEventLoop.run()
        var response = ByteBuffer()
        while var write = try channel.readOutbound(as: ByteBuffer.self) { response.writeBuffer(&write) }
        self.response = response
    }

    /// Sends a frame of up to 125 bytes, masked with zeros.
    func send(_ first: UInt8, _ payload: ByteBuffer) throws {
        var frame = ByteBuffer(bytes: [first, 0x80 | UInt8(payload.readableBytes), 0, 0, 0, 0])
        frame.writeImmutableBuffer(payload)
        try channel.writeInbound(frame)
        turn()
    }

    /// The loop as the server sees it.
    var loop: NIOEngineLoop { server.loop(for: channel.eventLoop) }

    var session: any EngineConnection {
        guard let connection = application.connection else { preconditionFailure("the handshake failed") }
        return connection
    }

    /// Lets time pass; timers run at its end, as after a pause of the process.
    func advance(by duration: Duration) {
        clock.advance(by: duration)
        channel.embeddedEventLoop.advanceTime(by: TimeAmount(duration))
    }

    /// Ends a turn of the loop.
    func turn() {
        channel.embeddedEventLoop.run()
    }

    /// The channel says that it has enough.
    func stopReading() {
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
    }

    /// The channel takes more.
    func resumeReading() {
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
    }

    /// What the client received since the last call, write by write.
    func received() throws -> [ByteBuffer] {
        var writes: [ByteBuffer] = []
        while let write = try channel.readOutbound(as: ByteBuffer.self) { writes.append(write) }
        return writes
    }
}
