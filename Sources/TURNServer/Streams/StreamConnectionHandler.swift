import Logging
import NIOCore
import STUN
import TURN

/// Cuts the messages of a client's connection for its relay thread, and writes what the thread sends.
///
/// Reads no more than the thread handles, and closes connections that take too long for anything.
final class StreamConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Messages go to the thread.
        case open
        /// So did a ConnectionBind request; what comes before its answer waits.
        case binding
        /// Nothing more is taken; what was taken is still answered.
        case ending
        /// Nothing more is taken and sent; what was sent still leaves.
        case closing
        /// The connection is closed, or carries a peer's.
        case finished
    }

    private let limits: StreamLimits
    private let counters: CounterStore
    private let notices: StreamNotices
    private let logger: Logger
    private var connection: StreamConnection?
    private var context: ChannelHandlerContext?
    private var state = State.open
    private var framing = TURNStreamFraming(maximumLength: TURNStreamFraming.longestUnauthenticatedMessage)
    /// The beginning of a message that is not complete, or what waits for the answer to a ConnectionBind.
    private var partial = ByteBuffer()
    private var inputEnded = false
    /// Whether the channel would read if it might.
    private var isReadHeld = false
    private var deadlines: StreamDeadlines
    private var deadlineTimer: Scheduled<Void>?
    private var stallTimer: Scheduled<Void>?
    /// What carries a peer's connection in place of this handler.
    private var successor: SpliceHandler?
    private var lastProgress: NIODeadline

    /// Makes a handler for a connection that was made at `now`.
    init(limits: StreamLimits, counters: CounterStore, notices: StreamNotices, logger: Logger, at now: NIODeadline) {
        self.limits = limits
        self.counters = counters
        self.notices = notices
        self.logger = logger
        deadlines = StreamDeadlines(limits, at: now)
        lastProgress = now
    }

    /// Begins to serve a connection to which the handler was added.
    func serve(_ connection: StreamConnection) {
        self.connection = connection
        connection.thread.post(.connected(connection))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        wait(until: deadlines.next, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    private func finish() {
        state = .finished
        context = nil
        // It holds this handler.
        connection = nil
        deadlineTimer?.cancel()
        stallTimer?.cancel()
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if partial.readableBytes > 0 {
            partial.writeBuffer(&bytes)
            bytes = partial
            partial = ByteBuffer()
        }
        switch state {
        case .open: cut(bytes, context)
        case .binding: partial = bytes
        case .ending, .closing, .finished: break
        }
    }

    private func cut(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        var bytes = bytes
        let found = framing.receive(stream: bytes.readableBytesUInt8Span)
        if found.count > 0, let messages = bytes.readSlice(length: found.length) {
            deadlines.receivedMessage(at: context.eventLoop.now)
            connection?.post(messages)
            // The rest is copied, so that it does not hold the memory of what went away.
            bytes = bytes.readableBytes > 0 ? ByteBuffer(bytes: bytes.readableBytesView) : ByteBuffer()
        }
        partial = bytes
        if let violation = found.violation {
            logger.debug("a stream is not TURN", metadata: ["reason": "\(violation)"])
            counters.update { $0.connectionsInvalid += 1 }
            notices.tell(.invalid, of: connection?.remoteAddress.ip)
            end()
        } else if found.endsWithConnectionBind {
            state = .binding
        } else if inputEnded {
            end()
        }
    }

    func read(context: ChannelHandlerContext) {
        switch state {
        case .open where connection?.hasAtMost(limits.unhandledBytes) ?? true: context.read()
        case .open, .binding: isReadHeld = true
        case .ending, .closing, .finished: break
        }
    }

    private func resumeReading() {
        guard isReadHeld, let context else { return }
        isReadHeld = false
        read(context: context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputEnded = true
            if case .open = state { end() }
        case is ChannelShouldQuiesceEvent: closeAfterFlush()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("error on a connection", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    /// Takes nothing more, and closes when what came has been answered.
    private func end() {
        state = .ending
        partial = ByteBuffer()
        closeWhenAnswered()
    }

    private func closeWhenAnswered() {
        guard connection?.hasAtMost(0) ?? true else { return }
        // The answers may be on their way from the thread to this loop: they were sent before the thread was done.
        context?.eventLoop.assumeIsolated().execute { self.closeAfterFlush() }
    }

    // MARK: From the relay thread

    /// The thread has handled some of what it was given.
    func consumed() {
        connection?.stopAwaiting()
        switch state {
        case .open where connection?.hasAtMost(limits.unhandledBytes / 2) ?? false: resumeReading()
        case .ending: closeWhenAnswered()
        case .open, .binding, .closing, .finished: break
        }
    }

    /// Writes messages to the client.
    func send(_ messages: ByteBuffer) {
        let count = messages.readableBytes
        guard let connection else { return }
        guard let context else { return connection.sent(count) }
        if case .closing = state {
            connection.sent(count)
            return closeIfFlushed(context)
        }
        if connection.pendingBytes == count { lastProgress = context.eventLoop.now }
        write(messages, connection, context).assumeIsolated().whenComplete { _ in
            connection.sent(count)
            self.progressed()
        }
        if connection.pendingBytes > 0, stallTimer == nil { watchForStall(context) }
    }

    /// Writes messages, over TLS each in a record of its own: coturn's clients take a record for a message.
    /// - Returns: When the last has left.
    private func write(
        _ messages: ByteBuffer,
        _ connection: StreamConnection,
        _ context: ChannelHandlerContext
    ) -> EventLoopFuture<Void> {
        var rest = messages
        if connection.transport == .tls {
            while case .message(let length) = TURNStreamFraming().receive(prefix: rest.readableBytesUInt8Span),
                length < rest.readableBytes, let first = rest.readSlice(length: length)
            {
                context.write(wrapOutboundOut(first), promise: nil)
            }
        }
        return context.writeAndFlush(wrapOutboundOut(rest))
    }

    private func progressed() {
        guard let context else { return }
        lastProgress = context.eventLoop.now
        if case .closing = state { closeIfFlushed(context) }
    }

    /// More waits for the client than the server stores.
    func overrun() {
        close(counting: \.connectionsCongested)
    }

    /// The client has proven who it is, and may send all that the format can express.
    func authenticated() {
        guard let context else { return }
        framing.maximumLength = TURNStreamFraming.longestMessage
        deadlines.authenticated(at: context.eventLoop.now)
    }

    /// The thread has given the client an allocation.
    func allocationBegan() {
        guard let context else { return }
        deadlines.allocated(at: context.eventLoop.now)
    }

    /// Nothing came of the client's ConnectionBind; what it has sent since are messages.
    func notJoined() {
        guard let context, case .binding = state else { return }
        state = .open
        let waiting = partial
        partial = ByteBuffer()
        cut(waiting, context)
        resumeReading()
    }

    /// The thread has ended the client's allocation; without one, a connection has to show that it is of use.
    func allocationEnded() {
        guard let context else { return }
        switch state {
        case .open, .binding: break
        case .ending, .closing, .finished: return
        }
        deadlines.allocationEnded(at: context.eventLoop.now)
        deadlineTimer?.cancel()
        wait(until: deadlines.next, context)
    }

    /// Gives the connection up to a peer's.
    /// - Returns: What has taken the place of this handler; `nil` if there is no connection any more.
    func splice() -> SpliceHandler? {
        guard let context else { return nil }
        switch state {
        case .open, .binding: break
        case .ending, .closing, .finished: return nil
        }
        let splice = SpliceHandler(early: partial, inputEnded: inputEnded)
        do {
            try context.pipeline.syncOperations.addHandler(splice)
        } catch {
            return nil
        }
        successor = splice
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        return splice
    }

    // MARK: Closing

    /// Closes when what was sent has left, or after a while.
    func closeAfterFlush() {
        if let successor { return successor.finish() }
        switch state {
        case .closing, .finished: return
        case .open, .binding, .ending: break
        }
        guard let context else { return }
        state = .closing
        deadlineTimer?.cancel()
        deadlineTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.closingTimeout)) {
            self.context?.close(promise: nil)
        }
        closeIfFlushed(context)
    }

    private func closeIfFlushed(_ context: ChannelHandlerContext) {
        if connection?.pendingBytes ?? 0 <= 0 { context.close(promise: nil) }
    }

    private func close(counting counter: WritableKeyPath<Counters, Int>) {
        guard let context else { return }
        finish()
        counters.update { $0[keyPath: counter] += 1 }
        context.close(promise: nil)
    }

    // MARK: Time

    private func wait(until deadline: NIODeadline, _ context: ChannelHandlerContext) {
        deadlineTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            guard let context = self.context else { return }
            switch self.deadlines.timerFired(at: context.eventLoop.now) {
            case .close: self.close(counting: \.connectionsTimedOut)
            case .wait(let next): self.wait(until: next, context)
            }
        }
    }

    private func watchForStall(_ context: ChannelHandlerContext) {
        let deadline = lastProgress + TimeAmount(limits.stallTimeout)
        stallTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.stallTimer = nil
            guard let context = self.context, self.connection?.pendingBytes ?? 0 > 0 else { return }
            if context.eventLoop.now >= self.lastProgress + TimeAmount(self.limits.stallTimeout) {
                self.close(counting: \.connectionsCongested)
            } else {
                self.watchForStall(context)
            }
        }
    }
}
