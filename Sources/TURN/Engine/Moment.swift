/// A point in time on both clocks that the relay needs.
public struct Moment: Hashable, Sendable {
    /// Nanoseconds on a clock that is never set, counted from any point; lifetimes are kept by it.
    public var uptime: UInt64
    /// Seconds of Unix time; nonces and the ends of credentials are kept by it.
    public var unix: UInt32

    /// Makes a point in time.
    public init(uptime: UInt64, unix: UInt32) {
        self.uptime = uptime
        self.unix = unix
    }

    /// The uptime in so many seconds.
    func uptime(after seconds: some BinaryInteger) -> UInt64 {
        uptime + UInt64(clamping: seconds) * 1_000_000_000
    }
}
