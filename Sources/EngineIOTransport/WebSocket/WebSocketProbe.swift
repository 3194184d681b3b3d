import EngineIO
import NIOCore

/// Drives the WebSocket side of an upgrade until the session has moved to the WebSocket, or will not.
final class WebSocketProbe {
    private let session: EngineSession
    private weak var webSocket: WebSocketHandler?
    private var machine: ProbeMachine
    private var timer: EngineTimer?

    init(_ session: EngineSession, _ webSocket: WebSocketHandler) {
        self.session = session
        self.webSocket = webSocket
        machine = ProbeMachine(until: session.nioLoop.now + session.server.configuration.upgradeTimeout)
    }

    func begin() {
        guard session.mayBeProbed else { return refuse() }
        let probe = NIOLoopBound(self, eventLoop: session.nioLoop.eventLoop)
        timer = session.nioLoop.schedule(at: machine.deadline) { probe.value.refuse() }
    }

    func receive(_ text: ByteBuffer) {
        switch machine.receive(text) {
        case .probe:
            guard session.receiveProbe() else { return refuse() }
            webSocket?.write(.pongProbe, version: session.protocolVersion)
            webSocket?.flush()
        case .upgrade(let wasProbed):
            guard let webSocket, session.receiveUpgrade(webSocket, wasProbed: wasProbed) else { return refuse() }
            timer?.cancel()
            webSocket.probeSucceeded(session)
        case .refuse: refuse()
        case .ignore: break
        }
    }

    /// Closes the WebSocket and leaves the session alone.
    func refuse() {
        giveUp()
        webSocket?.close()
    }

    /// The WebSocket is gone.
    func giveUp() {
        timer?.cancel()
        if machine.end() { session.probeFailed() }
    }
}
