import NIOCore

/// The rules of one Engine.IO session: its transport, its heartbeat, its upgrade and its end.
///
/// A driver brings what happened and does what the answer says. It owns the sockets and runs one timer, at
/// ``deadline``. After an answer that ends the session every further event is answered as for a session that is
/// gone.
package struct SessionMachine: ~Copyable {
    package enum State {
        /// Packets travel by long-polling.
        case polling(Polling)
        /// Packets travel by WebSocket.
        case webSocket
        /// The server closed while no poll was waiting: the next one fetches what is left.
        case closing(left: [EncodedMessage], until: ContinuousClock.Instant)
        case closed
    }

    package struct Polling {
        /// Packets that no poll has fetched.
        var buffer: [EncodedMessage] = []
        var isPollWaiting = false
        var isPostArriving = false
        /// Whether a WebSocket has been probed, so that polls are to end at once.
        var isProbed = false
    }

    /// What the heartbeat waits for.
    private enum Heartbeat {
        /// Protocol 4: the time to ping.
        case ping(at: ContinuousClock.Instant)
        /// Protocol 4: the pong.
        case pong(by: ContinuousClock.Instant)
        /// Protocol 3: the client's ping.
        case clientPing(by: ContinuousClock.Instant)

        var deadline: ContinuousClock.Instant {
            switch self {
            case .ping(let at): at
            case .pong(let by), .clientPing(let by): by
            }
        }
    }

    package let version: EngineProtocolVersion
    private let pingInterval: Duration
    private let pingTimeout: Duration
    private let closeTimeout: Duration
    private var heartbeat: Heartbeat
    package private(set) var state: State

    /// Opens a session; the driver sends ``openPacket(sid:transport:configuration:)`` as the first packet.
    package init(
        transport: EngineTransport,
        version: EngineProtocolVersion,
        configuration: EngineConfiguration,
        at now: ContinuousClock.Instant
    ) {
        self.version = version
        pingInterval = configuration.pingInterval
        pingTimeout = configuration.pingTimeout
        closeTimeout = configuration.closeTimeout
        heartbeat = Self.firstHeartbeat(version, configuration.pingInterval, configuration.pingTimeout, now)
        state = transport == .polling ? .polling(Polling()) : .webSocket
    }

    /// The packet that opens a session.
    package static func openPacket(
        sid: String,
        transport: EngineTransport,
        configuration: EngineConfiguration
    ) -> EncodedMessage {
        let upgrades = configuration.upgrades(from: transport).map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        return .control(
            .open,
            #"{"sid":"\#(sid)","upgrades":[\#(upgrades)],"#
                + #""pingInterval":\#(configuration.pingInterval.milliseconds),"#
                + #""pingTimeout":\#(configuration.pingTimeout.milliseconds),"#
                + #""maxPayload":\#(configuration.maxPayload)}"#
        )
    }

    /// When ``timeout(at:)`` is due next; `nil` once the session is closed.
    package var deadline: ContinuousClock.Instant? {
        switch state {
        case .polling, .webSocket: heartbeat.deadline
        case .closing(_, let until): until
        case .closed: nil
        }
    }

    /// Whether a message sent now leaves in this turn of the loop.
    package var isWritable: Bool {
        switch state {
        case .polling(let polling): polling.isPollWaiting
        case .webSocket: true
        case .closing, .closed: false
        }
    }
}

// MARK: - Sending

extension SessionMachine {
    package enum OnSend: Equatable {
        /// Write the packet to the WebSocket.
        case write
        /// It is kept; ask ``takePollResponse()`` at the end of this turn of the loop.
        case keep
        /// The session takes no more.
        case drop
    }

    /// The application, or the heartbeat, sends a packet.
    package mutating func send(_ packet: EncodedMessage) -> OnSend {
        switch state {
        case .polling(var polling):
            state = .closed  // gives up the second reference, so that the buffer grows in place
            polling.buffer.append(packet)
            state = .polling(polling)
            return .keep
        case .webSocket: return .write
        case .closing, .closed: return .drop
        }
    }

    /// What the waiting poll is to be answered with; `nil` when none waits or there is nothing to say.
    package mutating func takePollResponse() -> [EncodedMessage]? {
        guard case .polling(var polling) = state, polling.isPollWaiting, !polling.buffer.isEmpty else { return nil }
        let packets = polling.buffer
        polling.buffer = []
        polling.isPollWaiting = false
        state = .polling(polling)
        return packets
    }
}

// MARK: - Long-polling

extension SessionMachine {
    package enum OnPoll: Equatable {
        /// Answer the poll with the packets.
        case respond([EncodedMessage])
        /// Keep the poll until there is something to say.
        case wait
        /// Two polls at once: answer the waiting one with a close packet and this one with 400 without body. The
        /// session ended with a transport error.
        case overlap
        /// The session is on WebSocket: answer with ``EngineRequestError/badRequest``.
        case mismatch
        /// Answer with ``EngineRequestError/sessionUnknown``.
        case unknown
        /// Answer with the packets; the session, already closed for the application, is gone now.
        case farewell([EncodedMessage])
    }

    /// A GET of the session arrived.
    package mutating func receivePoll() -> OnPoll {
        switch state {
        case .polling(var polling):
            if polling.isPollWaiting {
                state = .closed
                return .overlap
            }
            if !polling.buffer.isEmpty {
                let packets = polling.buffer
                polling.buffer = []
                state = .polling(polling)
                return .respond(packets)
            }
            if polling.isProbed { return .respond([.noop]) }
            polling.isPollWaiting = true
            state = .polling(polling)
            return .wait
        case .webSocket: return .mismatch
        case .closing(let left, _):
            state = .closed
            return .farewell((left.isEmpty ? [.noop] : left) + [.close])
        case .closed: return .unknown
        }
    }

    package enum OnPost: Equatable {
        /// Read the body.
        case read
        /// Two POSTs at once: answer with 400 without body; the session ended with a transport error.
        case overlap
        case mismatch
        case unknown
    }

    /// The head of a POST of the session arrived.
    package mutating func receivePostHead() -> OnPost {
        switch state {
        case .polling(var polling):
            if polling.isPostArriving {
                state = .closed
                return .overlap
            }
            polling.isPostArriving = true
            state = .polling(polling)
            return .read
        case .webSocket: return .mismatch
        case .closing, .closed: return .unknown
        }
    }

    /// The POST whose head was accepted came to its end, with a body to read or without.
    package mutating func postEnded() {
        guard case .polling(var polling) = state else { return }
        polling.isPostArriving = false
        state = .polling(polling)
    }
}

// MARK: - Packets

extension SessionMachine {
    package enum OnPacket: Equatable {
        /// Give the message to the application.
        case deliver(EngineMessage)
        /// Send the packet.
        case send(EncodedMessage)
        case ignore
        /// The session ended; close its transport.
        case end(EngineCloseReason)
    }

    /// A packet of the session arrived on its transport.
    package mutating func receive(_ packet: EnginePacket, at now: ContinuousClock.Instant) -> OnPacket {
        switch state {
        case .polling, .webSocket: break
        case .closing, .closed: return .ignore
        }
        switch (packet, version) {
        case (.message(let message), _): return .deliver(message)
        case (.pong, .v4):
            heartbeat = .ping(at: now + pingInterval)
            return .ignore
        case (.ping, .v3):
            heartbeat = .clientPing(by: now + pingInterval + pingTimeout)
            return .send(.pong)
        case (.ping, .v4), (.pong, .v3):
            state = .closed
            return .end(.transportError)
        case (.close, _):
            state = .closed
            return .end(.transportClose)
        case (.open, _), (.upgrade, _), (.noop, _): return .ignore
        }
    }

    /// The transport failed, was closed by the peer, or carried what can't be decoded.
    /// - Returns: Whether the session ended by this.
    package mutating func end() -> Bool {
        switch state {
        case .polling, .webSocket:
            state = .closed
            return true
        case .closing, .closed: return false
        }
    }
}

// MARK: - Heartbeat and close

extension SessionMachine {
    package enum OnTimeout: Equatable {
        /// Nothing is due before ``SessionMachine/deadline``.
        case wait
        /// Send a ping.
        case ping
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
            switch heartbeat {
            case .ping(let due):
                // Counted from when the ping was due: a driver that is late must not lengthen the client's time.
                heartbeat = .pong(by: due + pingTimeout)
                return .ping
            case .pong, .clientPing:
                state = .closed
                return .end
            }
        case .closing, .closed:
            state = .closed
            return .forget
        }
    }

    package enum OnClose: Equatable {
        /// Answer the waiting poll with the packets.
        case respond([EncodedMessage])
        /// Keep the session for the poll that fetches the farewell.
        case linger
        /// Close the WebSocket.
        case closeWebSocket
        /// It is closed already.
        case ignore
    }

    /// The server closes the session.
    package mutating func close(at now: ContinuousClock.Instant) -> OnClose {
        switch state {
        case .polling(let polling) where polling.isPollWaiting:
            state = .closed
            return .respond(polling.buffer + [.close])
        case .polling(let polling):
            state = .closing(left: polling.buffer, until: now + closeTimeout)
            return .linger
        case .webSocket:
            state = .closed
            return .closeWebSocket
        case .closing, .closed: return .ignore
        }
    }

    private static func firstHeartbeat(
        _ version: EngineProtocolVersion,
        _ pingInterval: Duration,
        _ pingTimeout: Duration,
        _ now: ContinuousClock.Instant
    ) -> Heartbeat {
        switch version {
        case .v4: .ping(at: now + pingInterval)
        case .v3: .clientPing(by: now + pingInterval + pingTimeout)
        }
    }
}

// MARK: - Upgrade

extension SessionMachine {
    package enum OnProbe: Equatable {
        /// Answer the probe; the waiting poll, if any, is to be answered with these packets.
        case answer(poll: [EncodedMessage]?)
        /// The session can't be upgraded (any more): close the WebSocket, and leave the session alone.
        case refuse
    }

    /// Whether a WebSocket may begin to take the session over.
    package var mayBeProbed: Bool {
        guard case .polling(let polling) = state else { return false }
        return !polling.isProbed
    }

    /// A WebSocket that wants to take the session over sent its probe.
    package mutating func receiveProbe() -> OnProbe {
        guard case .polling(var polling) = state, !polling.isProbed else { return .refuse }
        polling.isProbed = true
        guard polling.isPollWaiting else {
            state = .polling(polling)
            return .answer(poll: nil)
        }
        let packets = polling.buffer.isEmpty ? [.noop] : polling.buffer
        polling.buffer = []
        polling.isPollWaiting = false
        state = .polling(polling)
        return .answer(poll: packets)
    }

    /// The WebSocket that was probed is gone before the upgrade was complete.
    package mutating func probeFailed() {
        guard case .polling(var polling) = state else { return }
        polling.isProbed = false
        state = .polling(polling)
    }

    package enum OnUpgrade: Equatable {
        /// The session is on the WebSocket now: write these packets to it first. A poll that waits is to be answered
        /// with a noop.
        case complete(write: [EncodedMessage], isPollWaiting: Bool)
        case refuse
    }

    /// The WebSocket that was probed sent the upgrade packet.
    package mutating func receiveUpgrade(at now: ContinuousClock.Instant) -> OnUpgrade {
        guard case .polling(let polling) = state, polling.isProbed else { return .refuse }
        state = .webSocket
        // A ping or pong may have been lost with the old transport.
        heartbeat = Self.firstHeartbeat(version, pingInterval, pingTimeout, now)
        return .complete(write: polling.buffer, isPollWaiting: polling.isPollWaiting)
    }
}
