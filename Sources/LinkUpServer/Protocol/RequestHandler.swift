import EngineIO
import Metrics
import NIOCore
import SocketIO

/// The result of a request that has none: `{}`.
struct NoResult: Encodable, Sendable {}

/// The requests of one socket: refuses what comes too often or is too large before it is read, and owns what takes time.
struct RequestHandler: Sendable {
    /// The socket; its handlers end with it.
    let socket: Socket
    /// What its connection has done.
    let client: ClientLimits.Client
    private let timers: RequestTimers
    /// What is in flight for the socket.
    let tasks = SocketTasks()

    /// Begins to count a socket; call it on its loop.
    init(_ socket: Socket, limits: ClientLimits) {
        self.socket = socket
        timers = limits.timers
        client = limits.client(of: socket.connection, at: socket.connection.loop.now)
        client.opened()
        socket.onDisconnect { [client, tasks] _ in
            tasks.cancel()
            client.closed()
        }
    }

    /// Answers a request at once.
    ///
    /// The acknowledgement leaves before anything that other loops send the socket from then on.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - action: What it counts as.
    ///   - body: Does what is asked; gets the time.
    ///   - then: Runs when the request is answered, unless it was refused.
    func answer<Result: Encodable & Sendable>(
        _ event: String,
        _ action: LimitedAction,
        _ body: @escaping @Sendable (RequestArguments, ContinuousClock.Instant) throws(RequestError) -> Result,
        then: @escaping @Sendable () -> Void = {}
    ) {
        hear(event, action) { arguments, now, acknowledge throws(RequestError) in
            let result = try body(arguments, now)
            acknowledge?(result)
            then()
        }
    }

    /// Answers a request by way of another loop; `body` calls the acknowledgement, unless it throws.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - action: What it counts as.
    ///   - body: Does what is asked; gets the time.
    func hear(
        _ event: String,
        _ action: LimitedAction,
        _ body:
            @escaping @Sendable (RequestArguments, ContinuousClock.Instant, Acknowledge?) throws(RequestError) -> Void
    ) {
        hearRaw(event, action) { arguments, now, acknowledge throws(RequestError) in
            try body(RequestArguments(arguments, maxBytes: action.argumentBytes), now, acknowledge)
        }
    }

    /// Answers a request whose arguments are not read here.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - action: What it counts as.
    ///   - body: Does what is asked; gets the time.
    func hearRaw(
        _ event: String,
        _ action: LimitedAction,
        _ body:
            @escaping @Sendable (SocketArguments, ContinuousClock.Instant, Acknowledge?) throws(RequestError) -> Void
    ) {
        socket.on(
            event,
            raw: { [client, loop = socket.connection.loop] arguments, acknowledge in
                do throws(RequestError) {
                    let now = loop.now
                    try client.take(action, at: now)
                    if action == .signal { try client.take(.signalBytes, arguments.byteCount, at: now) }
                    try body(arguments, now, acknowledge)
                } catch {
                    client.refuse(error, acknowledge)
                }
            }
        )
    }

    /// What ends a request that took time; runs on the loop of its socket.
    typealias Finish<Result> = @Sendable () throws(RequestError) -> Result

    /// Answers a request that takes time.
    ///
    /// `body` runs in the order in which requests arrive, what it returns anywhere, and what that returns on the loop
    /// again, unless the socket has ended.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - action: What it counts as.
    ///   - work: What it counts as while it is in flight.
    ///   - body: Does what is asked.
    ///   - then: Runs when the request is answered.
    func answerLater<Result: Encodable & Sendable>(
        _ event: String,
        _ action: LimitedAction,
        _ work: ClientLimits.Work,
        _ body:
            @escaping @Sendable (RequestArguments, ContinuousClock.Instant) throws(RequestError) ->
            @Sendable () async throws(RequestError) -> Finish<Result>,
        then: @escaping @Sendable () -> Void = {}
    ) {
        let loop = socket.connection.loop
        let timer = timers.timer(of: event)
        hear(event, action) { [client, tasks] arguments, now, acknowledge throws(RequestError) in
            try client.begin(work)
            let operation: @Sendable () async throws(RequestError) -> Finish<Result>
            do throws(RequestError) {
                operation = try body(arguments, now)
            } catch {
                client.end(work)
                throw error
            }
            tasks.run(on: loop, operation) { finish in
                defer { client.end(work) }
                guard let finish else { return }
                do throws(RequestError) {
                    acknowledge?(try finish())
                } catch {
                    client.refuse(error, acknowledge)
                }
                timer.record(duration: now.duration(to: loop.now))
                then()
            }
        }
    }
}
