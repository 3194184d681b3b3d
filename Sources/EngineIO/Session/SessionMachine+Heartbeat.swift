/// What time brings: heartbeats, and looks at whether a client takes what it is sent.
extension SessionMachine {
    package enum OnTimeout: Equatable {
        /// Nothing is due before ``SessionMachine/deadline``.
        case wait
        /// Send a ping.
        case ping
        /// Tell ``look(taken:at:)`` what the client has taken.
        case look
        /// The session ended for want of a heartbeat; close its transport.
        case end
        /// Nobody fetched the farewell; the session is gone.
        case forget
    }

    /// The time has come to `now`.
    package mutating func timeout(at now: ContinuousClock.Instant) -> OnTimeout {
        guard let deadline, deadline <= now else { return .wait }
        switch state {
        case .polling, .webSocket:
            guard heartbeat.deadline <= now else { return .look }
            switch heartbeat {
            case .ping:
                keepHeartbeat()
                // From now: a client can't answer before it is asked, however late that is.
                heartbeat = .pong(by: now + pingTimeout, grace: pingTimeout)
                return .ping
            case .pong(let by, let grace):
                guard let more = lenience(from: by, to: now, grace) else { break }
                heartbeat = .pong(by: now + more, grace: grace - more)
                return .wait
            case .clientPing(let by, let grace):
                guard let more = lenience(from: by, to: now, grace) else { break }
                heartbeat = .clientPing(by: now + more, grace: grace - more)
                return .wait
            }
            state = .closed
            return .end
        case .closing, .closed:
            state = .closed
            return .forget
        }
    }

    /// What a client is given for the time during which its loop stood still.
    ///
    /// After a pause of the process, or of the whole machine, answers that came meanwhile wait in the sockets; timers
    /// run before all of them are read.
    private func lenience(
        from deadline: ContinuousClock.Instant,
        to now: ContinuousClock.Instant,
        _ grace: Duration
    ) -> Duration? {
        let lateness = deadline.duration(to: now)
        return lateness > Self.usualLateness && grace > .zero ? min(lateness, grace) : nil
    }

    /// Whether the client has what was last sent for the heartbeat.
    func isHeartbeatTaken(by webSocket: @autoclosure () -> Bool) -> Bool {
        if case .polling(let polling) = state { !polling.keepsHeartbeat } else { webSocket() }
    }

    /// A ping or pong is about to be sent.
    mutating func keepHeartbeat() {
        guard case .polling(var polling) = state else { return }
        polling.keepsHeartbeat = true
        state = .polling(polling)
    }

    static func firstHeartbeat(
        _ version: EngineProtocolVersion,
        _ pingInterval: Duration,
        _ pingTimeout: Duration,
        _ now: ContinuousClock.Instant
    ) -> Heartbeat {
        switch version {
        case .v4: .ping(at: now + pingInterval)
        case .v3: .clientPing(by: now + pingInterval + pingTimeout, grace: pingTimeout)
        }
    }
}

// MARK: - Clients that take nothing

extension SessionMachine {
    /// Bytes wait for the WebSocket's client, which has taken so many before.
    ///
    /// Long-polling needs no such watch: a ping that no poll fetches can't be answered.
    package mutating func bytesWait(taken: Int, at now: ContinuousClock.Instant) {
        guard case .webSocket = state else { return }
        delivery.begin(taken: taken, at: now)
    }

    /// The driver looked at what the client has taken, all in all; `nil` when nothing waits for it.
    /// - Returns: Whether the session ended, since the client takes nothing; its WebSocket is to be given up.
    package mutating func look(taken: Int?, at now: ContinuousClock.Instant) -> Bool {
        guard case .webSocket = state, delivery.look(taken: taken, at: now) else { return false }
        state = .closed
        return true
    }
}
