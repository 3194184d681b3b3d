import EngineIO
import Logging
import NIOCore

/// What waits for a session's client, and what becomes of a client that does not take it.
extension EngineSession {
    var isWritable: Bool {
        nioLoop.preconditionInLoop()
        return machine.isWritable && webSocket?.isWritable ?? true
    }

    var bufferedBytes: Int {
        nioLoop.preconditionInLoop()
        return webSocket?.bufferedBytes ?? machine.buffer.bytes
    }

    var bufferedPackets: Int {
        nioLoop.preconditionInLoop()
        return webSocket?.bufferedPackets ?? machine.buffer.packets.count
    }

    /// The WebSocket does not take all that was written to it.
    func webSocketFilled() {
        guard let webSocket else { return }
        machine.bytesWait(taken: webSocket.taken, at: nioLoop.now)
        setTimer()
    }

    /// The WebSocket takes more than it did, and all if it is writable.
    func webSocketDrained() {
        recount()
        if isWritable { handler?.connectionBecameWritable() }
    }

    /// Sends a ping, and remembers where it stands among all that is sent.
    func ping() {
        // Less than makes a channel full is looked after from here on.
        if webSocket?.isWaiting == true { webSocketFilled() }
        send(.ping)
        if let webSocket { pingEnd = webSocket.position }
    }

    var hasTakenPing: Bool { webSocket?.hasTaken(upTo: pingEnd) ?? true }

    /// Gives a client up that has taken nothing for too long.
    func lookAtDelivery() {
        guard let webSocket, machine.look(taken: webSocket.isWaiting ? webSocket.taken : nil, at: nioLoop.now) else {
            return
        }
        server.logger.info(
            "Closing a connection that takes nothing of what it is sent",
            metadata: ["sid": "\(id)", "bytes": "\(bufferedBytes)", "packets": "\(bufferedPackets)"]
        )
        webSocket.abort()
        finish(.sendTimeout)
    }

    /// Counts what waits now among what waits on the loop.
    ///
    /// A client that keeps up has nothing waiting at the end of a turn.
    func recount() {
        let bytes = bufferedBytes
        guard bytes != countedBytes else { return }
        let hasGrown = bytes > countedBytes
        nioLoop.countBuffered(bytes - countedBytes)
        countedBytes = bytes
        guard hasGrown, bytes > EngineConfiguration.highWaterMark,
            let most = server.configuration.maxBufferedBytesInAll
        else { return }
        let all = nioLoop.bufferedInAll
        if all > most { overflow(["bytesInAll": "\(all)", "maxBytesInAll": "\(most)"]) }
    }

    /// Takes no more, and ends the session in the next turn: whoever sends may be in the middle of a broadcast.
    func overflow(_ limits: Logger.Metadata) {
        guard machine.end() else { return }
        server.logger.info(
            "Closing a connection that takes what it is sent too slowly",
            metadata: limits.merging(
                ["sid": "\(id)", "bytes": "\(bufferedBytes)", "packets": "\(bufferedPackets)"]
            ) { $1 }
        )
        nioLoop.execute { [self] in
            webSocket?.abort()
            closeTransport()
            finish(.bufferOverflow)
        }
    }
}
