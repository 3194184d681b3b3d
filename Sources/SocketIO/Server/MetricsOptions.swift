public import Metrics

extension SocketIOServer {
    /// Which metrics a server reports, and how often.
    ///
    /// - `socketio_clients`: connections (a meter).
    /// - `socketio_sockets`: sockets, by `namespace`, those that clients brought into being as `(dynamic)` (a meter).
    /// - `socketio_buffered_bytes`: bytes that wait for clients to take them (a meter).
    /// - `socketio_events`, `socketio_bytes`: by `direction`, `in` or `out` (counters).
    /// - `socketio_disconnects`: sockets that ended, by `reason` (a counter).
    /// - `socketio_volatile_events_dropped`, `socketio_events_rate_limited`, `socketio_rooms_refused` (counters).
    /// - `socketio_handler_duration`: the time from the call of a handler to its return, by `event` (a timer).
    public struct MetricsOptions: Sendable {
        /// How often the figures are reported; 10 seconds, which is as often as most collectors ask.
        public var interval: Duration

        /// Every how many events the handlers are timed; 0, which is never, unless set.
        ///
        /// Reading the clock twice costs as much as a small handler does, so that a busy server is content with a
        /// sample.
        public var handlerSampling: Int

        /// Where the metrics go; the factory that the process was bootstrapped with unless given.
        public var factory: any MetricsFactory

        /// Makes options.
        public init(
            interval: Duration = .seconds(10),
            handlerSampling: Int = 0,
            factory: any MetricsFactory = MetricsSystem.factory
        ) {
            precondition(interval > .zero, "interval must be positive")
            precondition(handlerSampling >= 0, "handlerSampling must not be negative")
            self.interval = interval
            self.handlerSampling = handlerSampling
            self.factory = factory
        }
    }
}
