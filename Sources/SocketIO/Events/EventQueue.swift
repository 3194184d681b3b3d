import EngineIO

/// The events of a ``SocketEvents`` that were not taken yet.
///
/// Unchecked: touched only on the connection's loop, but for what is immutable.
final class EventQueue<Element: Sendable>: @unchecked Sendable {
    /// Ends the queue when the socket lets go of the handler that fills it, for whatever reason.
    final class Registration: Sendable {
        let queue: EventQueue

        init(_ queue: EventQueue) {
            self.queue = queue
        }

        deinit {
            // In a turn of its own: it may let other events through, in the middle of whatever let go.
            queue.loop.execute { [queue] in queue.end() }
        }
    }

    typealias Taker = CheckedContinuation<Element?, Never>

    let loop: any EngineLoop

    private let client: ClientConnection
    private let limit: Int
    private var events: ArraySlice<(element: Element, byteCount: Int)> = []
    private var takers: ArraySlice<Taker> = []
    private var isEnded = false
    /// Whether the client's events wait for this.
    private var isFull = false

    init(_ client: ClientConnection, limit: Int) {
        precondition(limit > 0, "limit must be positive")
        self.client = client
        self.limit = limit
        loop = client.connection.loop
    }

    /// An event for whoever waits, or to be kept.
    func receive(_ element: Element, byteCount: Int) {
        guard !isEnded else { return }
        if let taker = takers.popFirst() { return taker.resume(returning: element) }
        events.append((element, byteCount))
        client.makeWork().kept(byteCount)
        if !isFull, events.count >= limit {
            isFull = true
            client.makeWork().queueFilled()
        }
    }

    /// Gives the next event, or lets `taker` wait for it.
    func next(_ taker: Taker) {
        if let (element, byteCount) = events.popFirst() {
            client.work?.dropped(byteCount)
            makeRoom()
            taker.resume(returning: element)
            client.resumeWaiting()
        } else if isEnded {
            taker.resume(returning: nil)
        } else {
            takers.append(taker)
        }
    }

    /// No more events come.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        makeRoom()
        let takers = takers
        self.takers = []
        for taker in takers { taker.resume(returning: nil) }
        client.resumeWaiting()
    }

    /// The events are not wanted any more.
    func cancel() {
        client.work?.dropped(events.reduce(0) { $0 + $1.byteCount })
        events = []
        isEnded ? client.resumeWaiting() : end()
    }

    private func makeRoom() {
        guard isFull else { return }
        isFull = false
        client.work?.queueHasRoom()
    }
}
