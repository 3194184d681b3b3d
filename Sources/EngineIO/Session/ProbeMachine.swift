package import NIOCore

/// The WebSocket side of an upgrade, until it becomes the session's transport or is given up.
package struct ProbeMachine: ~Copyable {
    private enum State {
        case awaitingProbe
        case awaitingUpgrade
        case ended
    }

    private var state = State.awaitingProbe

    /// When the upgrade must be complete.
    package let deadline: ContinuousClock.Instant

    package init(until deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    package enum OnText: Equatable {
        /// Ask the session, and answer the probe or close the WebSocket.
        case probe
        /// Ask the session to move here, after its probe or without one.
        case upgrade(wasProbed: Bool)
        /// Close the WebSocket and leave the session alone.
        case refuse
        case ignore
    }

    /// A text arrived on the WebSocket.
    package mutating func receive(_ text: ByteBuffer) -> OnText {
        switch (state, EnginePacket(text: text, version: .v4)) {
        case (.awaitingProbe, .ping(ByteBuffer(string: "probe"))):
            state = .awaitingUpgrade
            return .probe
        case (.awaitingProbe, .upgrade), (.awaitingUpgrade, .upgrade):
            defer { state = .ended }
            return .upgrade(wasProbed: state == .awaitingUpgrade)
        case (.ended, _): return .ignore
        case (.awaitingProbe, _), (.awaitingUpgrade, _):
            state = .ended
            return .refuse
        }
    }

    /// The WebSocket is gone, or the time is up.
    /// - Returns: Whether the session had been probed and must be told.
    package mutating func end() -> Bool {
        let wasProbed = state == .awaitingUpgrade
        state = .ended
        return wasProbed
    }
}
