import EngineIO
import SocketIO

/// What acknowledges a request: its result, or why there is none.
enum Answer<Result: Encodable & Sendable>: Encodable, Sendable {
    /// The result.
    case result(Result)
    /// Why there is none.
    case error(RequestError)

    /// Runs a request.
    init(catching body: () throws(RequestError) -> Result) {
        do throws(RequestError) {
            self = .result(try body())
        } catch {
            self = .error(error)
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .result(let result): try result.encode(to: encoder)
        case .error(let error): try error.encode(to: encoder)
        }
    }
}

/// The result of a request that has none: `{}`.
struct NoResult: Encodable, Sendable {}

extension Socket {
    /// Answers a request at once.
    ///
    /// The acknowledgement leaves before anything that other loops send the socket from then on.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - limit: How often a client may send it.
    ///   - body: Does what is asked; gets the time.
    func answer<Result: Encodable & Sendable>(
        _ event: String,
        limit: RateLimit?,
        _ body: @escaping @Sendable (RequestArguments, ContinuousClock.Instant) throws(RequestError) -> Result
    ) {
        on(event) { [loop = connection.loop] (argument: JSONValue) -> Answer<Result> in
            Answer { () throws(RequestError) in
                let now = loop.now
                try limit?.admit(at: now)
                return try body(RequestArguments(argument), now)
            }
        }
    }

    /// Answers a request that takes time.
    ///
    /// `body` begins in the order in which requests arrive.
    /// - Parameters:
    ///   - event: The name of the request.
    ///   - limit: How often a client may send it.
    ///   - body: Does what is asked.
    func answerLater<Result: Encodable & Sendable>(
        _ event: String,
        limit: RateLimit?,
        _ body: nonisolated(nonsending) @escaping @Sendable (RequestArguments) async throws(RequestError) -> Result
    ) {
        on(event) { [loop = connection.loop] (argument: JSONValue) async -> Answer<Result> in
            do throws(RequestError) {
                try limit?.admit(at: loop.now)
                return .result(try await body(RequestArguments(argument)))
            } catch {
                return .error(error)
            }
        }
    }
}
