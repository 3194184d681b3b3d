/// How long the states of an HTTP connection may last.
///
/// Each connection costs a descriptor, so that whoever could hold one for nothing would be able to hold all of them.
public struct HTTPTimeouts: Sendable, Equatable {
    /// From the begin of a connection, or the first byte of a further request, to the end of the head; 30 s.
    ///
    /// Browsers open connections ahead of need; those that they don't use in that time they open again.
    public var head: Duration

    /// From the head of a request to the end of its body; 30 s, and a second more for each ``minimumBytesPerSecond``
    /// that came.
    public var body: Duration

    /// How long a peer may take less of a response than ``minimumBytesPerSecond``; 30 s.
    ///
    /// Only what waits for the peer counts, not the time in which nothing is there to be sent.
    public var response: Duration

    /// From the end of a response to the next request on the same connection; 60 s.
    ///
    /// A load balancer should give up first, or it may send a request on a connection that is about to close: for one that
    /// holds connections for 60 s, as most do, 65 s are right.
    public var idle: Duration

    /// What a peer must send of a body, or take of a response; 1 KiB a second, which every network has.
    public var minimumBytesPerSecond: Int

    /// Makes time-outs.
    /// - Precondition: Durations and the number of bytes are positive.
    public init(
        head: Duration = .seconds(30),
        body: Duration = .seconds(30),
        response: Duration = .seconds(30),
        idle: Duration = .seconds(60),
        minimumBytesPerSecond: Int = 1024
    ) {
        self.head = head
        self.body = body
        self.response = response
        self.idle = idle
        self.minimumBytesPerSecond = minimumBytesPerSecond
        validate()
    }

    func validate() {
        precondition([head, body, response, idle].allSatisfy { $0 > .zero }, "time-outs of HTTP must be positive")
        precondition(minimumBytesPerSecond > 0, "minimumBytesPerSecond must be positive")
    }

    /// The time in which so many bytes should have travelled.
    func time(for bytes: Int) -> Duration {
        .milliseconds(Int64(clamping: Double(bytes) / Double(minimumBytesPerSecond) * 1000))
    }
}

extension Int64 {
    fileprivate init(clamping value: Double) {
        self = value < 9e15 ? Int64(value) : 9_000_000_000_000_000
    }
}

/// The state of an HTTP connection that lasted too long.
public enum HTTPTimeout: String, Sendable, Equatable, CaseIterable {
    /// The head of a request was not complete.
    case head
    /// The body of a request was not complete.
    case body
    /// A response was not taken.
    case response
    /// No further request came.
    case idle
    /// Nobody answered a request for WebSocket outside of Engine.IO's paths.
    case upgrade
}
