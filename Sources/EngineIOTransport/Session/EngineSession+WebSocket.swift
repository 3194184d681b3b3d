import EngineIO
import NIOCore

/// A session's side of its WebSocket, and of one that is to become its transport.
extension EngineSession {
    func receiveText(_ text: ByteBuffer) {
        nioLoop.counters.webSocket.received(bytes: text.readableBytes)
        guard let packet = EnginePacket(text: text, version: protocolVersion) else { return endBroken(.parseError) }
        receive(packet)
    }

    func receiveBinary(_ bytes: ByteBuffer) {
        nioLoop.counters.webSocket.received(bytes: bytes.readableBytes)
        guard let packet = EnginePacket(binary: bytes, version: protocolVersion) else { return endBroken(.parseError) }
        receive(packet)
    }

    /// The WebSocket is gone, or about to go.
    func webSocketClosed(_ reason: EngineCloseReason) {
        endBroken(reason)
    }

    // MARK: Upgrade

    /// Whether a WebSocket may begin to take the session over.
    var mayBeProbed: Bool { machine.mayBeProbed }

    /// A WebSocket probes the session.
    /// - Returns: Whether to answer the probe; otherwise the WebSocket is to be closed.
    func receiveProbe() -> Bool {
        guard case .answer(let packets) = machine.receiveProbe() else { return false }
        if let packets, let exchange = poll {
            poll = nil
            respond(packets, to: exchange)
            recount()
        }
        return true
    }

    func probeFailed() {
        machine.probeFailed()
    }

    /// A WebSocket takes the session over, which it has probed or not.
    /// - Returns: Whether it did; otherwise the WebSocket is to be closed.
    func receiveUpgrade(_ webSocket: WebSocketHandler, wasProbed: Bool) -> Bool {
        guard case .complete(let packets, _) = machine.receiveUpgrade(wasProbed: wasProbed, at: nioLoop.now) else {
            return false
        }
        if let exchange = poll {
            poll = nil
            respond([.noop], to: exchange)
        }
        self.webSocket = webSocket
        transport = .webSocket
        nioLoop.counters.upgraded()
        for packet in packets {
            webSocket.write(packet, version: protocolVersion)
            nioLoop.counters.webSocket.sent(bytes: packet.frame.readableBytes)
        }
        webSocket.flush()
        recount()
        setTimer()
        handler?.transportChanged(to: .webSocket)
        if isWritable { handler?.connectionBecameWritable() }
        return true
    }
}
