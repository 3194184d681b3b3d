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
        case closing(left: PacketBuffer, until: ContinuousClock.Instant)
        case closed
    }

    package struct Polling {
        /// Packets that no poll has fetched.
        var buffer = PacketBuffer()
        var isPollWaiting = false
        var isPostArriving = false
        /// Whether a WebSocket has been probed, so that polls are to end at once.
        var isProbed = false
        /// Whether a ping, or in protocol 3 a pong, is among the packets.
        var keepsHeartbeat = false

        mutating func take() -> [EncodedMessage] {
            keepsHeartbeat = false
            return buffer.take()
        }
    }

    /// What the heartbeat waits for.
    enum Heartbeat {
        /// Protocol 4: the time to ping.
        case ping(at: ContinuousClock.Instant)
        /// Protocol 4: the pong. A loop that stood still may add `grace` to the client's time, no more.
        case pong(by: ContinuousClock.Instant, grace: Duration)
        /// Protocol 3: the client's ping, with the same grace.
        case clientPing(by: ContinuousClock.Instant, grace: Duration)

        var deadline: ContinuousClock.Instant {
            switch self {
            case .ping(let at): at
            case .pong(let by, _), .clientPing(let by, _): by
            }
        }
    }

    /// How late a timer may be on a loop that did not stand still.
    static let usualLateness = Duration.milliseconds(20)

    package let version: EngineProtocolVersion
    let pingInterval: Duration
    let pingTimeout: Duration
    private let closeTimeout: Duration
    var heartbeat: Heartbeat
    var delivery: DeliveryWatch
    package internal(set) var state: State

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
        delivery = DeliveryWatch(timeout: configuration.sendTimeout)
        heartbeat = Self.firstHeartbeat(version, configuration.pingInterval, configuration.pingTimeout, now)
        state = transport == .polling ? .polling(Polling()) : .webSocket
    }

    /// When ``timeout(at:)`` is due next; `nil` once the session is closed.
    package var deadline: ContinuousClock.Instant? {
        switch state {
        case .polling: heartbeat.deadline
        case .webSocket: min(heartbeat.deadline, delivery.deadline ?? heartbeat.deadline)
        case .closing(_, let until): until
        case .closed: nil
        }
    }

    /// What waits for a poll; empty on WebSocket.
    package var buffer: PacketBuffer {
        switch state {
        case .polling(let polling): polling.buffer
        case .closing(let left, _): left
        case .webSocket, .closed: PacketBuffer()
        }
    }

    /// Whether a message sent now leaves in this turn of the loop, and the turn is not flooded with messages.
    package var isWritable: Bool {
        switch state {
        case .polling(let polling):
            polling.isPollWaiting && polling.buffer.bytes <= EngineConfiguration.highWaterMark
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
        let packets = polling.take()
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
                let packets = polling.take()
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
            return .farewell((left.isEmpty ? [.noop] : left.packets) + [.close])
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

    package enum OnPostEnd: Equatable {
        /// Give the packets of the body to ``receive(_:at:)``.
        case read
        /// The session ended meanwhile: answer with ``EngineRequestError/sessionUnknown``.
        case unknown
    }

    /// The body of the POST whose head was accepted is there.
    ///
    /// What was sent by polling before the session moved to WebSocket still counts.
    package mutating func postEnded() -> OnPostEnd {
        switch state {
        case .polling(var polling):
            polling.isPostArriving = false
            state = .polling(polling)
            return .read
        case .webSocket: return .read
        case .closing, .closed: return .unknown
        }
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
    /// - Parameters:
    ///   - packet: The packet.
    ///   - now: The time, asked for if it matters.
    ///   - hasTakenPing: Whether the last ping has left the WebSocket, asked for if it matters.
    /// - Returns: What to do.
    package mutating func receive(
        _ packet: EnginePacket,
        at now: @autoclosure () -> ContinuousClock.Instant,
        hasTakenPing: @autoclosure () -> Bool = true
    ) -> OnPacket {
        switch state {
        case .polling, .webSocket: break
        case .closing, .closed: return .ignore
        }
        switch (packet, version) {
        case (.message(let message), _): return .deliver(message)
        case (.pong, .v4):
            // An answer to what was not asked, or can't have been heard, is no sign of life.
            if case .pong = heartbeat, isHeartbeatTaken(by: hasTakenPing()) {
                heartbeat = .ping(at: now() + pingInterval)
            }
            return .ignore
        case (.ping, .v3):
            if isHeartbeatTaken(by: true) {
                heartbeat = Self.firstHeartbeat(version, pingInterval, pingTimeout, now())
                keepHeartbeat()
            }
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

// MARK: - Close

extension SessionMachine {
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
            return .respond(polling.buffer.packets + [.close])
        case .polling(let polling):
            state = .closing(left: polling.buffer, until: now + closeTimeout)
            return .linger
        case .webSocket:
            state = .closed
            return .closeWebSocket
        case .closing, .closed: return .ignore
        }
    }
}
