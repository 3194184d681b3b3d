import Synchronization

/// A thread that owns a relay engine, its sockets and its clients.
final class RelayThread: Sendable {
    /// Which of the server's threads this is, and the index of its engine.
    let index: UInt8

    private let inbox = Mutex<[Message]>([])

    init(index: UInt8) {
        self.index = index
    }

    /// Tells the thread something; returns at once.
    func post(_ message: Message) {
        inbox.withLock { $0.append(message) }
    }
}
