import NIOCore

/// When a connection has been without a message for too long.
///
/// Only whole messages count: a client that sends a byte now and then holds a connection no longer than one that sends
/// nothing.
struct IdleDeadline {
    /// What to do when the timer has fired.
    enum OnTimer: Hashable {
        /// Close the connection.
        case close
        /// Ask again at this time.
        case wait(until: NIODeadline)
    }

    private let timeout: TimeAmount
    private var deadline: NIODeadline

    /// Starts at `now`, the time when the connection was made.
    init(timeout: TimeAmount, at now: NIODeadline) {
        self.timeout = timeout
        deadline = now + timeout
    }

    /// When to ask for the first time.
    var firstTimer: NIODeadline {
        deadline
    }

    /// A whole message has arrived.
    mutating func receivedMessage(at now: NIODeadline) {
        deadline = now + timeout
    }

    /// The time last asked for has come.
    func timerFired(at now: NIODeadline) -> OnTimer {
        now >= deadline ? .close : .wait(until: deadline)
    }
}
