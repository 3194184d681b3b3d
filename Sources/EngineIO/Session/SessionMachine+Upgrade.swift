/// The upgrade from long-polling to WebSocket.
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
        let packets = polling.buffer.isEmpty ? [.noop] : polling.take()
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

    /// The WebSocket that was probed sent the upgrade packet, or one that was not, when no other is being probed.
    ///
    /// elephant.io sends no probe; the official server takes it so.
    package mutating func receiveUpgrade(wasProbed: Bool, at now: ContinuousClock.Instant) -> OnUpgrade {
        guard case .polling(let polling) = state, polling.isProbed == wasProbed else { return .refuse }
        state = .webSocket
        // A ping or pong may have been lost with the old transport.
        heartbeat = Self.firstHeartbeat(version, pingInterval, pingTimeout, now)
        return .complete(write: polling.buffer.packets, isPollWaiting: polling.isPollWaiting)
    }
}
