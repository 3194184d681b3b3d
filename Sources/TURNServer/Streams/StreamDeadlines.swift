import NIOCore

/// When a client's connection has been without what it has to bring for too long.
///
/// Only whole messages count: a client that sends a byte now and then holds a connection no longer than one that sends
/// nothing.
struct StreamDeadlines {
    /// What to do when the timer has fired.
    enum OnTimer: Hashable {
        /// Close the connection.
        case close
        /// Ask again at this time.
        case wait(until: NIODeadline)
    }

    private let unallocatedIdleTimeout: TimeAmount
    private let allocatedIdleTimeout: TimeAmount
    private var idleTimeout: TimeAmount
    private var idle: NIODeadline
    /// When the client must have proven who it is; far off once it has, and if it need not.
    private var authentication: NIODeadline

    /// Starts at `now`, the time when the connection was made.
    init(_ limits: StreamLimits, at now: NIODeadline) {
        idleTimeout = TimeAmount(limits.idleTimeout)
        unallocatedIdleTimeout = idleTimeout
        allocatedIdleTimeout = TimeAmount(limits.allocatedIdleTimeout)
        idle = now + idleTimeout
        authentication = limits.authenticationTimeout.map { now + TimeAmount($0) } ?? .distantFuture
    }

    /// When to ask next.
    var next: NIODeadline {
        min(idle, authentication)
    }

    /// A whole message has arrived.
    mutating func receivedMessage(at now: NIODeadline) {
        idle = now + idleTimeout
    }

    /// The client has proven who it is.
    mutating func authenticated(at now: NIODeadline) {
        authentication = .distantFuture
        idle = now + idleTimeout
    }

    /// The client has an allocation.
    mutating func allocated(at now: NIODeadline) {
        authentication = .distantFuture
        idleTimeout = allocatedIdleTimeout
        idle = now + idleTimeout
    }

    /// The client has none any more.
    mutating func allocationEnded(at now: NIODeadline) {
        idleTimeout = unallocatedIdleTimeout
        idle = now + idleTimeout
    }

    /// The time last asked for has come.
    func timerFired(at now: NIODeadline) -> OnTimer {
        now >= next ? .close : .wait(until: next)
    }
}
