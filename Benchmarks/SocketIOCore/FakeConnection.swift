import EngineIO
import NIOCore

/// A loop that is always the current one and has no time.
///
/// Unchecked: the program has one thread.
final class FakeLoop: EngineLoop, @unchecked Sendable {
    private var queue: [@Sendable () -> Void] = []

    var isCurrent: Bool { true }
    let now = ContinuousClock.now

    func execute(_ work: @escaping @Sendable () -> Void) {
        queue.append(work)
    }

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        EngineTimer {}
    }

    /// Runs what is queued.
    func drain() {
        while !queue.isEmpty {
            let work = queue
            queue = []
            for item in work { item() }
        }
    }
}

/// A connection that counts what is sent.
///
/// Unchecked: the program has one thread.
final class FakeConnection: EngineConnection, @unchecked Sendable {
    let id = "engine-id-0123456789"
    let protocolVersion = EngineProtocolVersion.v4
    let handshake: HandshakeRequest
    let loop: any EngineLoop
    let transport = EngineTransport.webSocket
    let isWritable = true
    let bufferedBytes = 0
    let bufferedPackets = 0
    private(set) var sentMessages = 0
    private(set) var sentBytes = 0

    init(_ loop: FakeLoop) {
        self.loop = loop
        handshake = HandshakeRequest(
            target: "/socket.io/?EIO=4&transport=websocket",
            query: [],
            headers: [],
            remoteAddress: "127.0.0.1",
            isSecure: false,
            time: loop.now
        )
    }

    func send(_ message: EncodedMessage) {
        sentMessages += 1
        sentBytes += message.frame.readableBytes
    }

    func close(_ reason: EngineCloseReason) {}
}
