import EngineIO
import NIOCore

/// An event loop as Engine.IO sees it, and what its sockets share: timers, buffers, the end of a turn.
///
/// Touched on the loop only, but for what ``EngineLoop`` says.
final class NIOEngineLoop: EngineLoop, @unchecked Sendable {
    let eventLoop: any EventLoop

    /// Compresses the responses to polls.
    let pollCompressor = PollCompressor()
    /// What happened on the loop.
    @exclusivity(unchecked) var counters = EngineCounters()
    private var reportedCounters = EngineCounters()
    // Nothing that is called while these are accessed comes back to them.
    /// The sessions with unsent packets, and those whose packets are being sent.
    @exclusivity(unchecked) private var unflushed: [EngineSession] = []
    @exclusivity(unchecked) private var flushing: [EngineSession] = []
    /// Whether the event loop is to run ``endTurn()``.
    private var isTurnEndDue = false
    /// Whether what a WebSocket has read is being handled.
    private var isReading = false
    @exclusivity(unchecked) private var timers = TimerQueue()
    /// What received messages are copied to, see ``WebSocketDecoder``.
    @exclusivity(unchecked) var spareInput = ByteBuffer()
    /// Where packets that leave together are put side by side.
    @exclusivity(unchecked) var output = ByteBuffer()
    private var compressors: [Int: MessageCompressor] = [:]
    /// The decompressor of all WebSockets whose clients forget each message.
    private(set) lazy var decompressor = MessageDecompressor(keepsContext: false)
    /// The event loop's own timer, set for the first of ``timers`` or earlier.
    ///
    /// The event loop searches all its timers for one that is cancelled; with thousands of connections that costs more
    /// than all the rest of a handshake.
    private var alarm: (deadline: ContinuousClock.Instant, scheduled: Scheduled<Void>)?

    private let clock: EngineClock
    private let inbox: LoopInbox
    private let bufferedTotal: BufferedTotal
    /// What of ``bufferedTotal`` is this loop's.
    private var reportedBufferedBytes = 0

    init(
        _ eventLoop: any EventLoop,
        clock: EngineClock = .continuous,
        bufferedTotal: BufferedTotal = BufferedTotal()
    ) {
        self.eventLoop = eventLoop
        self.bufferedTotal = bufferedTotal
        inbox = LoopInbox(eventLoop)
        self.clock = clock
    }

    var isCurrent: Bool { eventLoop.inEventLoop }

    var now: ContinuousClock.Instant { clock.now() }

    func execute(_ work: @escaping @Sendable () -> Void) {
        inbox.post(work, by: isCurrent ? nil : LoopOutbox.ofCurrentLoop)
    }

    /// More bytes wait for clients, or fewer.
    func countBuffered(_ difference: Int) {
        counters.bufferedBytes += difference
        let change = counters.bufferedBytes - reportedBufferedBytes
        guard abs(change) >= BufferedTotal.step else { return }
        bufferedTotal.change(by: change)
        reportedBufferedBytes += change
    }

    /// The bytes that wait for all clients of the server.
    var bufferedInAll: Int { bufferedTotal.current + counters.bufferedBytes - reportedBufferedBytes }

    /// Reports what has happened since the last report.
    func report(to metrics: CounterReporter<EngineCounters>) {
        metrics.report(from: reportedCounters, to: counters)
        reportedCounters = counters
    }

    /// Runs `work` now if this is the loop, and on the loop otherwise.
    func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { execute(work) }
    }

    // MARK: Timers

    func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
        let timer = TimerQueue.Timer(at: deadline, work)
        if isCurrent { insert(timer) } else { execute { self.insert(timer) } }
        return EngineTimer { self.cancel(timer) }
    }

    private func insert(_ timer: TimerQueue.Timer) {
        timers.insert(timer)
        setAlarm()
    }

    private func cancel(_ timer: TimerQueue.Timer) {
        if isCurrent { timers.cancel(timer) } else { execute { self.timers.cancel(timer) } }
    }

    private func setAlarm() {
        guard let deadline = timers.deadline else { return }
        if let alarm {
            guard deadline < alarm.deadline else { return }
            alarm.scheduled.cancel()
        }
        let scheduled = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline - now)) { self.ring() }
        alarm = (deadline, scheduled)
    }

    private func ring() {
        alarm = nil
        // A timer that was cancelled by another loop is not run, though that loop's turn may not be over.
        inbox.work()
        let now = now
        while let work = timers.takeDue(at: now) { work() }
        setAlarm()
    }

    // MARK: Compression

    /// The compressor of all WebSockets that forget each message and have a window of so many bits.
    func compressor(_ configuration: PerMessageDeflate, windowBits: Int) -> MessageCompressor {
        if let compressor = compressors[windowBits] { return compressor }
        let compressor = MessageCompressor(configuration, windowBits: windowBits, keepsContext: false)
        compressors[windowBits] = compressor
        return compressor
    }

    // MARK: The end of a turn

    /// Has a session's packets written when this turn of the loop is over; called on the loop, once a turn a session.
    func flushLater(_ session: EngineSession) {
        unflushed.append(session)
        if !isReading { endTurnLater() }
    }

    /// A WebSocket begins to handle what it has read; ``readEnded(by:)`` follows.
    func readBegan() {
        isReading = true
    }

    /// A WebSocket has handled what it has read.
    ///
    /// Most messages make nothing but their answer, for which the event loop needs no task; what there is for others waits,
    /// as more may come for them in this turn.
    func readEnded(by session: EngineSession?) {
        guard isReading else { return }
        isReading = false
        if !isTurnEndDue, unflushed.count == 1, let session, unflushed[0] === session {
            unflushed.removeAll(keepingCapacity: true)
            session.flush()
        } else if !unflushed.isEmpty {
            endTurnLater()
        }
    }

    private func endTurnLater() {
        guard !isTurnEndDue else { return }
        isTurnEndDue = true
        eventLoop.execute { self.endTurn() }
    }

    private func endTurn() {
        isTurnEndDue = false
        // First, so that the other loops write at the same time.
        LoopOutbox.ofCurrentLoop?.deliver()
        flush()
    }

    /// Writes what the turn has produced so far.
    private func flush() {
        swap(&unflushed, &flushing)
        for session in flushing { session.flush() }
        flushing.removeAll(keepingCapacity: true)
    }
}
