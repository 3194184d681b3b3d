public import EngineIO
import Locking
public import Logging
public import Metrics
import NIOCore

/// An Engine.IO server: its sessions and the application on top of them, apart from any socket.
///
/// It takes its requests from an ``EngineHTTPServer`` of its own or from a Hummingbird server.
///
/// What it does is reported to swift-metrics, as ``/EngineIO/EngineConfiguration/metricsInterval`` says:
/// - `engineio_connections`: by `transport` (a meter).
/// - `engineio_buffered_bytes`: bytes that wait for clients to take them (a meter).
/// - `engineio_packets`, `engineio_bytes`: by `transport` and `direction`, `in` or `out` (counters).
/// - `engineio_handshakes`, `engineio_upgrades` (counters).
/// - `engineio_disconnects`: by `reason` (a counter).
/// - `engineio_refusals`: by `code` (a counter).
/// - `engineio_http_timeouts`: by `state` (a counter).
/// - `engineio_refused_sockets` (a counter).
public final class EngineServer: Sendable {
    /// What the server allows and promises.
    public let configuration: EngineConfiguration

    /// What the path of all requests begins with.
    public let path: String

    let application: any EngineApplication
    let openPacket: OpenPacket
    let logger: Logger
    let clientFiles: ClientFiles?
    let clock: EngineClock
    private let metrics: CounterReporter<EngineCounters>
    private let bufferedTotal = BufferedTotal()

    private struct State {
        var sessions: [String: EngineSession] = [:]
        var loops: [ObjectIdentifier: NIOEngineLoop] = [:]
        var gate: ConnectionGate
        /// When a shutdown that has begun is to be over.
        var shutdownEnd: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    let sockets: Mutex<SocketGate>
    let movedWebSockets = MovedWebSockets()

    /// Makes a server for an application.
    /// - Parameters:
    ///   - application: What runs on top of the connections.
    ///   - configuration: What the server allows and promises.
    ///   - clientFiles: The official client's files to serve (`serveClient`); none unless given.
    ///   - metrics: Where the counters are reported; the factory that the process was bootstrapped with unless given.
    ///   - logger: Where refused requests and broken connections are noted, at debug level.
    public convenience init(
        _ application: any EngineApplication,
        configuration: EngineConfiguration = .init(),
        clientFiles: ClientFiles? = nil,
        metrics: any MetricsFactory = MetricsSystem.factory,
        logger: Logger = Logger(label: "engineio")
    ) {
        self.init(
            application,
            configuration: configuration,
            clientFiles: clientFiles,
            metrics: metrics,
            logger: logger,
            clock: .continuous
        )
    }

    /// Makes a server that takes the time from `clock`.
    init(
        _ application: any EngineApplication,
        configuration: EngineConfiguration,
        clientFiles: ClientFiles? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        logger: Logger = Logger(label: "engineio"),
        clock: EngineClock
    ) {
        self.application = application
        self.configuration = configuration
        configuration.validate()
        openPacket = OpenPacket(configuration)
        path = configuration.pathPrefix(default: application.defaultPath)
        self.clientFiles = clientFiles
        self.clock = clock
        self.metrics = CounterReporter(EngineCounters.table, metrics)
        state = Mutex(State(gate: ConnectionGate(configuration.limits)))
        sockets = Mutex(SocketGate(configuration.limits))
        self.logger = logger
    }

    /// The number of sessions, those included that wait for a farewell poll.
    public var sessionCount: Int {
        state.withLock { $0.sessions.count }
    }

    /// What the server has done since it began, summed up over its loops.
    public func counters() async -> EngineCounters {
        var sum = EngineCounters()
        for loop in state.withLock({ Array($0.loops.values) }) {
            sum += await withCheckedContinuation { continuation in
                loop.run { continuation.resume(returning: loop.counters) }
            }
        }
        return sum
    }

    /// Closes every session with ``/EngineIO/EngineCloseReason/forcedClose``.
    public func closeAll() {
        for session in allSessions {
            session.loop.execute { session.close() }
        }
    }

    var allSessions: [EngineSession] {
        state.withLock { Array($0.sessions.values) }
    }

    /// Opens no session any more.
    func refuseHandshakes() {
        let end = clock.now() + configuration.shutdownGracePeriod
        state.withLock { $0.shutdownEnd = $0.shutdownEnd ?? end }
    }

    /// How long connections may go on when the server stops, so that all are closed when the grace period is over; a
    /// moment if it is, in which a short response may leave.
    func remainingGrace(at now: ContinuousClock.Instant) -> Duration {
        let end = state.withLock { $0.shutdownEnd } ?? now + configuration.shutdownGracePeriod
        return max(end - now, .milliseconds(100))
    }

    func session(_ sid: String) -> EngineSession? {
        state.withLock { $0.sessions[sid] }
    }

    func loop(for eventLoop: any EventLoop) -> NIOEngineLoop {
        let (loop, isNew) = state.withLock { state in
            if let loop = state.loops[ObjectIdentifier(eventLoop)] { return (loop, false) }
            let loop = NIOEngineLoop(eventLoop, clock: clock, bufferedTotal: bufferedTotal)
            state.loops[ObjectIdentifier(eventLoop)] = loop
            return (loop, true)
        }
        if isNew, let interval = configuration.metricsInterval { report(loop, every: TimeAmount(interval)) }
        return loop
    }

    /// Reports the counters of a loop for as long as the server lives.
    private func report(_ loop: NIOEngineLoop, every interval: TimeAmount) {
        loop.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] task in
            guard let self else { return task.cancel() }
            loop.report(to: metrics)
        }
    }

    /// Lets a client begin its handshake, or refuses it for the limits.
    func beginHandshake(from address: String) throws(EngineRefusal) {
        let address = limitedAddress(address)
        try state.withLock { state throws(EngineRefusal) in
            if state.shutdownEnd != nil { throw .shuttingDown }
            try state.gate.begin(from: address, at: clock.now())
        }
    }

    /// Opens a session on the loop of the request; called on that loop.
    /// - Throws: A refusal when the id is in use, or the server has filled up while the application was asked.
    func openSession(
        _ handshake: HandshakeRequest,
        id: String,
        transport: EngineTransport,
        version: EngineProtocolVersion,
        base64: Bool,
        on eventLoop: any EventLoop
    ) throws(EngineRefusal) -> EngineSession {
        let session = EngineSession(
            id: id,
            handshake: handshake,
            transport: transport,
            version: version,
            base64: base64,
            server: self,
            on: loop(for: eventLoop)
        )
        let address = limitedAddress(handshake.remoteAddress)
        try state.withLock { state throws(EngineRefusal) in
            if state.shutdownEnd != nil { throw .shuttingDown }
            guard state.sessions[id] == nil else { throw .idGeneration }
            try state.gate.open(from: address)
            state.sessions[id] = session
        }
        return session
    }

    /// The address to hold a limit against; not even read where none is set.
    private func limitedAddress(_ text: String) -> IPAddress? {
        configuration.limits == ConnectionLimits() ? nil : IPAddress(text)
    }

    func remove(_ session: EngineSession) {
        let address = limitedAddress(session.handshake.remoteAddress)
        state.withLock { state in
            guard state.sessions.removeValue(forKey: session.id) != nil else { return }
            state.gate.close(from: address)
        }
    }
}
